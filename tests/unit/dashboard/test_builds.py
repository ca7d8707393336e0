"""Which build is being made to take over, and which one is kept for undo."""

from datetime import UTC, datetime, timedelta

from dashboard.answers.operations import Build, ReadModel
from dashboard.log.rebuilding import candidate_of, kept_for_undo

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


def a_build(number: int, *, serving: bool = False, minutes: int = 0, state: str = "running") -> Build:
    return Build(
        build=number,
        serving=serving,
        state=state,
        created_at=NOON + timedelta(minutes=minutes),
        loaded_at=NOON,
        lag_offsets=0,
        lag_seconds=0.0,
    )


def a_read_model(*builds: Build, swapped_at: datetime | None = None) -> ReadModel:
    (serving,) = [build for build in builds if build.serving]
    return ReadModel(
        read_model="anomalies",
        build=serving.build,
        serving=True,
        state="running",
        cause=None,
        position=None,
        lag_offsets=0,
        lag_seconds=0.0,
        rate_per_s=1.0,
        known_at=NOON,
        reported_at=NOON,
        builds=builds,
        last_proof=None,
        swapped_at=swapped_at,
        swapped_because=None,
    )


def test_a_newer_build_is_made_to_take_over() -> None:
    model = a_read_model(a_build(1, serving=True), a_build(2, minutes=5))
    assert (candidate_of(model), kept_for_undo(model)) == (model.builds[1], None)


def test_the_build_that_served_before_is_kept_for_undo() -> None:
    model = a_read_model(a_build(1), a_build(2, serving=True, minutes=5), swapped_at=NOON + timedelta(minutes=6))
    assert (candidate_of(model), kept_for_undo(model)) == (None, model.builds[0])


def test_an_undone_build_is_newer_and_yet_no_candidate() -> None:
    model = a_read_model(a_build(2, serving=True), a_build(3, minutes=5), swapped_at=NOON + timedelta(minutes=7))
    assert (candidate_of(model), kept_for_undo(model)) == (None, model.builds[1])


def test_what_a_rebuild_left_unfinished_is_neither() -> None:
    model = a_read_model(a_build(1, serving=True), a_build(2, minutes=5, state="unfinished"))
    assert (candidate_of(model), kept_for_undo(model)) == (None, None)
