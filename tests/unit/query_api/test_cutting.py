from datetime import timedelta

import pytest

from query_api.cursors import decode_cursor, encode_cursor, moment_in
from query_api.errors import ParameterRefused
from query_api.parameters import Span
from query_api.reading_points import MINUTES_IN_BUCKETS, RAW, RAW_IN_BUCKETS
from query_api.rendering import as_csv
from query_api.routes.readings import grain_of, with_gaps
from query_api.routes.swimlane import whole_buckets
from tests.builders import NOON

HOUR = Span(NOON + timedelta(seconds=30), NOON + timedelta(hours=1))


def test_few_readings_stay_raw() -> None:
    grain = grain_of(HOUR, readings=500, points=500)
    assert (grain.statement, grain.mode, grain.width) == (RAW, "raw", None)


def test_more_readings_go_into_buckets_of_whole_seconds() -> None:
    grain = grain_of(HOUR, readings=501, points=500)
    assert (grain.statement, grain.width) == (RAW_IN_BUCKETS, timedelta(seconds=8))


def test_very_many_readings_come_from_whole_minutes() -> None:
    grain = grain_of(HOUR, readings=10**6, points=500)
    assert (grain.statement, grain.width) == (MINUTES_IN_BUCKETS, timedelta(minutes=1))
    assert grain.starts_at == NOON


def test_a_long_range_comes_from_whole_hours_or_days() -> None:
    for days, width in ((60, timedelta(hours=3)), (2000, timedelta(days=5))):
        grain = grain_of(Span(HOUR.starts_at, HOUR.starts_at + timedelta(days=days)), readings=10**6, points=500)
        assert grain.width == width
        assert grain.starts_at == NOON.replace(hour=NOON.hour if days == 60 else 0)


def test_a_gap_gets_one_empty_row() -> None:
    rows = [{"at": NOON + timedelta(seconds=second), "readings": 1} for second in (0, 1, 4, 8)]
    marked = with_gaps(rows, timedelta(seconds=3))
    assert [(row["at"] - NOON).seconds for row in marked if not row["readings"]] == [5]


def test_cells_cover_the_span_and_start_on_whole_buckets() -> None:
    borders = whole_buckets(HOUR, 600)
    assert (borders[0], len(borders)) == (NOON, 7)
    assert whole_buckets(HOUR, None)[1] - NOON == timedelta(seconds=60)
    for days, width in ((2, timedelta(minutes=48)), (4, timedelta(hours=2)), (200, timedelta(days=4))):
        borders = whole_buckets(Span(HOUR.starts_at, HOUR.starts_at + timedelta(days=days)), None)
        assert borders[1] - borders[0] == width
    with pytest.raises(ParameterRefused, match="cells"):
        whole_buckets(Span(NOON, NOON + timedelta(days=30)), 60)


def test_a_cursor_belongs_to_its_list() -> None:
    cursor = encode_cursor("verdicts", (5, "a"))
    assert decode_cursor("verdicts", cursor, (int, str)) == (5, "a")
    for listing, kinds in (("anomalies", (int, str)), ("verdicts", (str, str))):
        with pytest.raises(ParameterRefused, match="another list"):
            decode_cursor(listing, cursor, kinds)


@pytest.mark.parametrize("cursor", ["%%%", "W10", "bnVsbA", "MQ", "eyJhIjoxfQ", "é", "a" * 9])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(ParameterRefused, match="cursor"):
        decode_cursor("verdicts", cursor, (int,))


@pytest.mark.parametrize("part", [-1, 10**18, "soon"])
def test_a_cursor_holds_a_moment_of_ours(part: int | str) -> None:
    with pytest.raises(ParameterRefused, match="moment"):
        moment_in(part)


def test_csv_spreads_maps_over_columns_of_all_rows() -> None:
    rows = [{"name": 'a,"b"', "values": {"x": 1.5}, "tags": ["p", "q"]}, {"name": None, "values": {"y": None}}]
    assert as_csv(rows).decode() == ('name,values.x,tags,values.y\r\n"a,""b""",1.5,"[""p"", ""q""]",\r\n,,,\r\n')
