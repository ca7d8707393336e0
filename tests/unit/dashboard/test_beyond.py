"""Scores above the chart's upper edge: each run's peak is marked, the highest is told."""

from datetime import UTC, datetime, timedelta

from dashboard.answers.machines import ReadingSeries
from dashboard.sensor.rows import beyond_rows

START = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)


def a_series(*scores: float | None) -> ReadingSeries:
    """Return readings of a minute each."""
    times = tuple(START + place * timedelta(minutes=1) for place in range(len(scores)))
    return ReadingSeries(
        machine_id="pump-07",
        sensor_id="drive-end",
        profile="pump@1",
        starts_at=START,
        ends_at=START + len(scores) * timedelta(minutes=1),
        bucket_s=60.0,
        times=times,
        counts=tuple(0 if score is None else 60 for score in scores),
        scores=scores,
        channels=(),
        data_starts_at=START,
        data_ends_at=times[-1],
    )


def test_the_peak_of_every_run_above_the_edge_is_marked_and_the_highest_told() -> None:
    rows = beyond_rows(a_series(0.4, 12.0, 38.25, 11.0, 9.0, None, 10.0, 15.0), 10.0)
    assert [(row["at"], row["ratio"], row["told"]) for row in rows] == [
        (START + timedelta(minutes=2), 38.25, "38.2\u202f×"),
        (START + timedelta(minutes=7), 15.0, ""),
    ]


def test_what_fits_is_not_marked() -> None:
    assert beyond_rows(a_series(0.4, None, 10.0), 10.0) == []
