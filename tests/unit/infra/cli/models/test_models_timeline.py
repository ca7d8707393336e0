"""Who was champion at any moment and on what grounds, as `telltale models timeline` tells it; bounds of a history."""

from datetime import timedelta

import pytest

from domain.logged_models import LoggedModelEvent, champion_of, fold
from domain.models import ModelPromoted
from domain.positions import Position
from domain.promotion import ModelEvent, PromotionRejected
from infra.cli.models.history_bounds import bounds_of
from infra.cli.models.timeline import champion_at, entries_of
from infra.cli.output import CommandFailed
from ml.manifest import OffsetRange, Selection
from tests.builders import NOON
from tests.comparisons import compared, promoted, ref, trained

FORCED = ModelPromoted(model=ref(2), replaces=ref(1), because="I know", actor="bo", forced=True, comparison_id="found")
BACK = ModelPromoted(model=ref(1), replaces=ref(2), because="noisy", actor="ada", forced=False, rollback=True)
REFUSED = PromotionRejected(
    model=ref(2), against=ref(1), comparison_id=None, numbers=None, checks=(), because="newer", actor="ada"
)
HISTORY: tuple[ModelEvent, ...] = (
    trained(1),
    trained(2),
    promoted(1),
    REFUSED,
    compared(1, 2, lost_labelled_faults=1),
    FORCED,
    trained(1, name="fan"),
    BACK,
)


def logged(*seconds: float) -> list[LoggedModelEvent]:
    """Return HISTORY, a second apart unless said."""
    times = seconds or range(len(HISTORY))
    return [
        LoggedModelEvent(
            event=event, position=Position("model-events", 0, offset), appended_at=NOON + timedelta(seconds=second)
        )
        for offset, (event, second) in enumerate(zip(HISTORY, times, strict=True))
    ]


def test_the_timeline_tells_grounds_of_all_that_happened_to_a_line() -> None:
    entries = entries_of("pump", logged(), None)

    assert [(one.what, one.model, one.against, one.grounds) for one in entries] == [
        ("promoted", "pump/1", None, "first champion"),
        ("rejected", "pump/2", "pump/1", "never compared"),
        ("compared", "pump/2", "pump/1", "outside the budgets, 100,000 readings"),
        ("promoted", "pump/2", "pump/1", "forced"),
        ("rolled back", "pump/1", "pump/2", "it was champion before"),
    ]
    assert entries == entries_of("pump@1", logged(), None)
    assert entries_of("fan", logged(), None) == []


@pytest.mark.parametrize(
    ("second", "champion"), [(1, None), (2, "pump/1"), (4, "pump/1"), (5, "pump/2"), (9, "pump/1")]
)
def test_the_champion_of_a_moment_is_the_newest_promotion_known_by_then(second: int, champion: str | None) -> None:
    found = champion_at(entries_of("pump", logged(), NOON + timedelta(seconds=second)))

    assert (found.model if found else None) == champion


def test_a_clock_that_stepped_back_makes_nothing_known_earlier() -> None:
    stepped = logged(0, 1, 2, 3, 4, 60, 61, 30)

    found = champion_at(entries_of("pump", stepped, NOON + timedelta(seconds=45)))

    assert found is not None
    assert found.model == "pump/1"
    assert found.what == "promoted"


def test_refusals_and_comparisons_change_no_line() -> None:
    lines, _ = fold({}, logged())
    unmoved, changed = fold(lines, [one for one in logged() if isinstance(one.event, PromotionRejected)])

    assert champion_of(lines, "pump@1") == ref(1)
    assert champion_of(lines, "pump@2") is None
    assert (unmoved, changed) == (lines, set())


SELECTION = Selection(
    profile="pump@1",
    topic="sensor-events",
    topic_id="an-id",
    ranges=tuple(OffsetRange(partition=number, from_offset=10, next_offset=100) for number in range(3)),
)


def test_positions_bound_the_partitions_they_name() -> None:
    cut = bounds_of("sensor-events/1/40, sensor-events/2/100", "sensor-events/0/20")(SELECTION)

    assert [(one.partition, one.from_offset, one.next_offset) for one in cut.ranges] == [(0, 10, 20), (1, 40, 100)]
    assert cut.recorded_from_us is None


def test_moments_bound_the_devices_clocks_and_leave_the_offsets() -> None:
    cut = bounds_of("1970-01-01T00:00:01Z", "1970-01-01T00:00:02Z")(SELECTION)

    assert (cut.ranges, cut.recorded_from_us, cut.recorded_before_us) == (SELECTION.ranges, 1_000_000, 2_000_000)


@pytest.mark.parametrize("text", ["yesterday", "sensor-events/x/1", "model-events/0/1"])
def test_what_is_neither_moment_nor_position_of_a_reading_is_refused(text: str) -> None:
    with pytest.raises(CommandFailed):
        bounds_of(text, None)
