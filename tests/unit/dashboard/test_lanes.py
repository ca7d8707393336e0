"""The swimlane's rows, and which cell is told first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dashboard.answers.swimlane import Lane, Swimlane
from dashboard.explorer.headline import abnormal_since, others
from dashboard.explorer.lanes import (
    Cell,
    cell_named,
    has_data,
    lane_rows,
    meaning_of_blank,
    shown_buckets,
    stacked_rows,
    worst_cell,
)

START = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def a_lane(name: str, *cells: tuple[int, int, str | None]) -> Lane:
    """Return a lane of cells (readings, abnormal, severity)."""
    return Lane(
        machine_id=name,
        sensor_id=None,
        worst_score=1.2 if any(abnormal for _, abnormal, _ in cells) else None,
        abnormal_since=START + 65 * timedelta(seconds=1),
        readings=tuple(readings for readings, _, _ in cells),
        not_judged=(0,) * len(cells),
        anomalies=tuple(abnormal for _, abnormal, _ in cells),
        scores=tuple(None if severity is None else 1.2 for _, _, severity in cells),
        severities=tuple(severity for _, _, severity in cells),
    )


def a_swimlane(*lanes: Lane, data_starts_at: datetime = START) -> Swimlane:
    buckets = tuple(START + place * MINUTE for place in range(len(lanes[0].readings)))
    return Swimlane(
        by="machine",
        starts_at=START,
        ends_at=buckets[-1] + MINUTE,
        bucket_s=60,
        buckets=buckets,
        lanes=lanes,
        lanes_in_all=len(lanes),
        model_changes=(),
        data_starts_at=data_starts_at,
        data_ends_at=buckets[-1],
    )


QUIET = (240, 0, None)


def test_cell_without_readings_is_no_data_and_not_normal() -> None:
    rows = lane_rows(a_swimlane(a_lane("pump-07", QUIET, (0, 0, None), (240, 9, "high"))))
    assert [row["severity"] for row in rows] == ["normal", "no data", "high"]


def test_what_lasts_is_told_before_a_newer_single_outlier() -> None:
    outlier = a_lane("hall-a", QUIET, (240, 1, "warning"))
    fault = a_lane("pump-07", (240, 60, "warning"), QUIET)
    assert worst_cell(a_swimlane(outlier, fault)) == Cell(lane="pump-07", start=START)


def test_worse_severity_is_told_before_what_lasts() -> None:
    spike = a_lane("hall-a", (240, 1, "critical"))
    assert worst_cell(a_swimlane(a_lane("pump-07", (240, 60, "warning")), spike)) == Cell(lane="hall-a", start=START)


def test_newest_of_what_lasts_is_told() -> None:
    lane = a_lane("pump-07", (240, 60, "warning"), (240, 50, "warning"))
    assert worst_cell(a_swimlane(lane)) == Cell(lane="pump-07", start=START + MINUTE)


def test_nothing_abnormal_is_no_cell() -> None:
    assert worst_cell(a_swimlane(a_lane("pump-07", QUIET))) is None


def test_time_before_the_first_data_is_not_drawn() -> None:
    swimlane = a_swimlane(a_lane("pump-07", (0, 0, None), QUIET), data_starts_at=START + 1.5 * MINUTE)
    assert list(shown_buckets(swimlane)) == [1]


def test_range_without_any_reading_has_no_data() -> None:
    assert not has_data(a_swimlane(a_lane("pump-07", (0, 0, None))))


def test_abnormal_lanes_are_stacked_with_the_worst_at_the_bottom() -> None:
    swimlane = a_swimlane(
        *(a_lane(str(place), (9, 9, level)) for place, level in enumerate(("warning", "critical", "warning")))
    )
    bars = [(row["severity"], row["from"], row["to"]) for row in stacked_rows(swimlane)[2:]]
    assert bars == [("critical", 0, 1), ("warning", 1, 3)]


def test_cell_is_the_same_after_its_way_through_an_address() -> None:
    cell = Cell(lane="pump|07", start=START)
    assert cell_named(cell.address()) == cell
    assert [cell_named(address) for address in ("", "pump-07", "pump-07|noon", None)] == [None] * 4


def test_the_headline_says_since_when_without_a_break_and_who_else_is_abnormal_now_or_was_earlier() -> None:
    now_and_before = (60, 0, None), (60, 3, "high"), (60, 60, "critical"), (60, 60, "critical")
    swimlane = a_swimlane(
        a_lane("pump-07", *now_and_before),
        a_lane("pump-08", (60, 60, "high"), (60, 0, None), (60, 0, None), (60, 60, "high")),
        a_lane("fan-01", (60, 60, "high"), (60, 0, None), (60, 0, None), (60, 0, None)),
        a_lane("hall-a", *[(60, 0, None)] * 4),
    )
    cell = Cell(lane="pump-07", start=START + 3 * MINUTE)

    assert abnormal_since(swimlane, cell) == "abnormal since 22 Nov 13:01:05, 60 of 60 readings of that time"
    assert others(swimlane, cell) == "also pump-08 · 1 more machine earlier"


def test_a_cell_whose_readings_no_model_judged_is_not_normal() -> None:
    cells = [QUIET, QUIET, (0, 0, None), (240, 9, "high")]
    lane = a_lane("pump-07", *cells)
    found = a_swimlane(replace(lane, not_judged=(240, 12, 0, 231)), a_lane("fan-01", *cells))
    states = [row["severity"] for row in lane_rows(found)]
    assert states[:4] == ["not judged", "normal", "no data", "high"]
    assert states[4:] == ["normal", "normal", "no data", "high"], "each lane for itself"
    assert "dashes: not judged" in meaning_of_blank(found)
    assert meaning_of_blank(a_swimlane(a_lane("fan-01", *cells))) == "blank is normal"
