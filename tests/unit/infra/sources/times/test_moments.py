"""Times are understood in the forms that programs write, in any zone, and refused when they name no moment."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from domain.readings import moment_of
from infra.sources.times.clock import LocalClock
from infra.sources.times.identify import time_form_of
from infra.sources.times.moments import Moments, Plausible
from infra.sources.times.moments import moments_of as read
from infra.sources.times.parsed import NoTimeForm, TimeForm
from infra.sources.times.written import DateOrder

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ANY = Plausible(NOW, any_time=True)


def time_format_of(sample: Sequence[str], *, order: DateOrder | None = None) -> TimeForm:
    return time_form_of(sample, latest_s=ANY.latest_s, order=order)


def moments_of(texts: pa.StringArray, form: TimeForm, zone: tzinfo = UTC) -> Moments:
    return read(texts, form, LocalClock(zone), ANY, np.zeros(len(texts), np.intp))


BERLIN = ZoneInfo("Europe/Berlin")


def moments(*texts: str, zone: object = UTC, order: DateOrder | None = None) -> list[datetime | str]:
    found = moments_of(pa.array(texts), time_format_of(texts, order=order), zone)  # type: ignore[arg-type]
    return [found.wrong.get(row) or moment_of(int(us)) for row, us in enumerate(found.microseconds)]


@pytest.mark.parametrize(
    "text",
    [
        "1773051273.25",
        "1773051273250",
        "1773051273250000",
        "1773051273250000000",
        "2026-03-09T10:14:33.250Z",
        "2026-03-09 10:14:33.25",
        "2026-03-09 10:14:33,25",
        "2026-03-09T11:14:33.25+01:00",
        "2026-03-09T11:14:33.25+0100",
        "2026-03-09 11:14:33.25 +01:00",
        "2026/03/09 10:14:33.25",
        "2026/3/9 10:14:33.25",
        "09.03.2026 10:14:33.25",
        "9.3.2026 10:14:33.25",
        "2026-03-09 10:14:33.250000",
    ],
)
def test_one_moment_in_many_forms(text: str) -> None:
    assert moments(text) == [datetime(2026, 3, 9, 10, 14, 33, 250_000, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("text", "hour"),
    [("12:05 AM", 0), ("9:05 AM", 9), ("12:05 PM", 12), ("1:05 pm", 13), ("11:05 p.m.", 23), ("23:05", 23)],
)
def test_halves_of_the_day_are_understood(text: str, hour: int) -> None:
    assert moments(f"03/31/2026 {text}") == [datetime(2026, 3, 31, hour, 5, tzinfo=UTC)]


def test_whole_and_broken_numbers_in_one_column_are_both_exact() -> None:
    assert moments("1773051273", "1773051273.123456") == [
        datetime(2026, 3, 9, 10, 14, 33, tzinfo=UTC),
        datetime(2026, 3, 9, 10, 14, 33, 123_456, tzinfo=UTC),
    ]


def test_a_date_alone_is_its_midnight() -> None:
    assert moments("2026-03-09") == [datetime(2026, 3, 9, tzinfo=UTC)]


def test_day_and_month_are_told_apart_by_any_row_or_by_the_person() -> None:
    assert moments("03/04/2026 10:00", "13/04/2026 10:00")[0] == datetime(2026, 4, 3, 10, tzinfo=UTC)
    assert moments("03/04/2026 10:00", "03/14/2026 10:00")[0] == datetime(2026, 3, 4, 10, tzinfo=UTC)
    assert moments("03/04/2026 10:00", order=DateOrder.MONTH)[0] == datetime(2026, 3, 4, 10, tzinfo=UTC)
    with pytest.raises(NoTimeForm, match="--date-order"):
        moments("03/04/2026 10:00")


def test_local_time_follows_summer_and_winter() -> None:
    assert moments("2026-01-15 12:00", "2026-07-15 12:00", zone=BERLIN) == [
        datetime(2026, 1, 15, 11, tzinfo=UTC),
        datetime(2026, 7, 15, 10, tzinfo=UTC),
    ]


def test_a_zone_in_the_cell_wins_over_the_one_said() -> None:
    assert moments("2026-07-15T12:00:00Z", zone=BERLIN) == [datetime(2026, 7, 15, 12, tzinfo=UTC)]


def test_an_hour_that_the_clock_skips_does_not_exist() -> None:
    found = moments("2026-03-29 01:59", "2026-03-29 02:30", "2026-03-29 03:00", zone=BERLIN)

    assert found == [
        datetime(2026, 3, 29, 0, 59, tzinfo=UTC),
        "'2026-03-29 02:30' does not exist in Europe/Berlin: the clock skips it",
        datetime(2026, 3, 29, 1, tzinfo=UTC),
    ]


def test_an_hour_that_the_clock_shows_twice_is_counted() -> None:
    found = moments_of(pa.array(["2026-10-25 02:30"]), time_format_of(["2026-10-25 02:30"]), BERLIN)

    assert (moment_of(int(found.microseconds[0])), found.first + found.second) == (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        1,
    )


def test_a_row_that_names_no_moment_is_wrong_and_the_others_are_not() -> None:
    good = datetime(2026, 3, 9, 10, tzinfo=UTC)

    assert moments("2026-03-09 10:00", "soon", "2026-13-09 10:00", "", "2026-03-09 10:00") == [
        good,
        "'soon' is no time (ISO 8601)",
        "'2026-13-09 10:00' is no time (ISO 8601)",
        "'' is no time (ISO 8601)",
        good,
    ]


@pytest.mark.parametrize("texts", [["soon"], []])
def test_a_column_without_times_is_refused(texts: list[str]) -> None:
    with pytest.raises(NoTimeForm):
        time_format_of(texts)


def test_numbers_beyond_every_calendar_are_wrong() -> None:
    found = moments_of(pa.array(["1773051273", "1e300", "nan"]), time_format_of(["1773051273"]))

    assert sorted(found.wrong) == [1, 2]
