"""Which readings of a history a comparison takes, in whatever batches they come, and what it refuses."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from domain.readings import SensorReadingRecorded, microseconds
from ml.comparison.compare import ComparisonDesk
from ml.comparison.ports import NotComparable
from ml.manifest import Manifest, OffsetRange, Selection
from ml.training.ports import ModelNotStored, ReadingsGone
from tests.builders import NOON
from tests.comparisons import trained
from tests.fakes.comparison import (
    FakeComparisons,
    judged_reading,
)
from tests.repetition import seeds
from tests.unit.ml.comparison.desk import CODE, NOT_JUDGED, a_desk, compare


def test_late_and_repeated_readings_count_nowhere() -> None:
    once = judged_reading(10, challenger=5)

    event, _ = compare([once, once, judged_reading(3, challenger=5), judged_reading(11)])

    assert event.numbers.readings == 2


def test_bounds_leave_readings_out_of_every_count() -> None:
    readings = [judged_reading(second, champion=2) for second in range(100)]

    def middle(selection: Selection) -> Selection:
        noon = microseconds(NOON)
        ranges = (OffsetRange(partition=0, from_offset=0, next_offset=60),)
        return replace(
            selection, ranges=ranges, recorded_from_us=noon + 50_000_000, recorded_before_us=noon + 70_000_000
        )

    event, _ = compare(readings, bounds=middle)

    assert event.numbers.readings == 10
    assert event.recorded_from is not None
    assert [(one.partition, one.from_offset, one.next_offset) for one in event.ranges] == [(0, 0, 60)]


def test_readings_that_a_version_learned_from_are_counted() -> None:
    noon = microseconds(NOON)
    selection = Selection(
        profile="pump@1",
        topic="sensor-events",
        topic_id="an-id",
        ranges=(OffsetRange(partition=0, from_offset=0, next_offset=8),),
        recorded_from_us=noon + 3_000_000,
    )
    manifest = Manifest(
        selection=selection, channels=(), detectors=(), settings={}, rows=5, rows_sha256="", code=CODE
    ).text()
    versions = (trained(1), replace(trained(2), manifest=manifest))

    _, report = compare([judged_reading(second) for second in range(20)], versions=versions)

    assert report["trained_on"] == {"champion": 0, "challenger": 5}


def a_random_history(chance: Random) -> list[list[SensorReadingRecorded]]:
    partitions: list[list[SensorReadingRecorded]] = [[], []]
    for second in range(400):
        machine = chance.choice(["a", "b", "c"])
        partitions[machine == "c"].append(
            judged_reading(
                second * chance.choice([1, 1, 1, 5]),
                champion=chance.choice([0.1, 0.1, 0.1, 2, NOT_JUDGED]),
                challenger=chance.choice([0.1, 0.1, 0.2, 3]),
                challenger_shift=chance.choice([0.1, 2]) if second < 200 else 2,
                machine_id=machine,
                sensor_id=chance.choice(["north", "south"]),
                label=chance.choice([None, None, None, "bearing", "spike"]),
            )
        )
    return partitions


@pytest.mark.parametrize("seed", seeds(10))
def test_batches_of_any_size_give_the_same_comparison(seed: int) -> None:
    chance = Random(seed)
    history = a_random_history(chance)
    whole, _ = compare(*history)
    assert whole.numbers.readings > 100
    assert whole.numbers.labelled_faults > 1

    for _ in range(4):
        sizes = [chance.choice([1, 2, 7, 50]) for _ in range(5)]
        assert compare(*history, sizes=sizes)[0] == whole


def test_the_same_comparison_is_appended_once_and_a_longer_history_is_another() -> None:
    log = FakeComparisons()
    history = [judged_reading(second) for second in range(20)]
    desk = a_desk(history, comparisons=log)

    def run(desk: ComparisonDesk) -> bool:
        return desk.compare("pump/1", "pump/2", on_progress=lambda _done, _total: None).recorded.appended

    assert [run(desk), run(desk)] == [True, False]
    assert run(a_desk([*history, judged_reading(30)], comparisons=log))
    assert len({event.comparison_id for event in log.held}) == 2


def test_progress_ends_at_all_offsets() -> None:
    told: list[tuple[int, int]] = []
    a_desk([judged_reading(second) for second in range(5)], [judged_reading(0)], sizes=(2,)).compare(
        "pump/1", "pump/2", on_progress=lambda done, total: told.append((done, total))
    )

    assert told[-1] == (6, 6)
    assert told == sorted(told)


@pytest.mark.parametrize(
    ("pair", "said", "refusal"),
    [
        (("pump/1", "pump/1"), {}, NotComparable),
        (("pump/1", "pump/9"), {}, ModelNotStored),
        (("pump/1", "pump/2"), {"versions": (trained(1), trained(2, profile="pump@2"))}, NotComparable),
    ],
)
def test_what_cannot_be_compared_is_refused(
    pair: tuple[str, str], said: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        a_desk([judged_reading(0)], **said).compare(*pair, on_progress=lambda _done, _total: None)


def test_a_history_that_the_log_does_not_hold_is_refused() -> None:
    def beyond(selection: Selection) -> Selection:
        return replace(selection, ranges=(OffsetRange(partition=0, from_offset=0, next_offset=99),))

    with pytest.raises(ReadingsGone):
        compare([judged_reading(0)], bounds=beyond)
