"""The law of the scorer: how a log is cut into batches changes no score, no verdict and no byte of the state."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.anomalies import AnomalyDetected
from domain.models import ModelRef
from domain.readings import SensorReadingRecorded
from domain.scoring import Flag
from ml.scoring.judge import score
from ml.scoring.records import Stretch, ledgers_of, verdicts_of
from ml.scoring.state import LoadedModel, PartitionState, to_bytes
from ml.scoring.warming import Warming
from schemas.codec import decode, encode
from tests.builders import a_profile, a_reading
from tests.fakes.scoring import FakeDecoding, FakeHistory, InMemoryLog
from tests.repetition import examples
from tests.unit.ml.scoring.fleet import PROFILE, a_panel, healthy

SETTLED_S, TOLD_S = 400, 60
MACHINES = ("machine-0", "machine-1", "stranger")
SPLITS = 220


@dataclass
class History:
    """A log whose first part is folded already; the rest holds everything that can go wrong, and a change of model."""

    log: InMemoryLog
    settled: PartitionState
    change_at: int
    second: LoadedModel
    whole: "Folded | None" = None

    @property
    def end(self) -> int:
        return len(self.log.source)


def troubled(readings: list[SensorReadingRecorded], rng: random.Random) -> Iterator[SensorReadingRecorded]:
    """Yield readings with spikes, gaps, late and repeated ones, clocks ahead, and a profile without a model.

    Between them come two backlogs of machine-0, the second older than the first, with a fault in each.
    """
    silence_s, late = 0, backlogs()
    for place, reading in enumerate(readings):
        machine, values, chance = reading.machine_id, dict(reading.measurements), rng.random()
        second = SETTLED_S + place // len(MACHINES)
        if machine == "machine-1":
            silence_s += rng.choice([0] * 18 + [15, 25])
            second += silence_s
        elif chance > 0.85:
            values["vibration"] += 30.0

        def measured(at: float, machine: str = machine, values: dict[str, float] = values) -> SensorReadingRecorded:
            return a_reading(at, machine_id=machine, sensor_id="main", profile="pump@1", measurements=values)

        yield measured(second)
        if chance < 0.05:
            yield measured(second)
        elif chance < 0.1:
            yield measured(5 + place / 7)
        elif chance < 0.13:
            yield measured(10**6 + place)
        elif chance < 0.18:
            yield a_reading(place, machine_id="hall-a")
        yield from islice(late, 2)


def backlogs() -> Iterator[SensorReadingRecorded]:
    """Yield two backlogs of machine-0, the second older than the first, with faults, and some readings out of order."""
    for kept, reading in enumerate(healthy(360, seed=77, machines=("machine-0",))):
        values = dict(reading.measurements) | ({"vibration": 90.0} if kept % 80 > 72 else {})
        second = kept - (5_000 if kept < 150 else 9_000)
        for at in (second, second - 2) if kept % 9 == 0 else (second,):
            yield a_reading(at, machine_id="machine-0", sensor_id="main", profile="pump@1", measurements=values)


@pytest.fixture(scope="module")
def history() -> History:
    rng = random.Random(9)
    log = InMemoryLog(profiles={"pump@1": PROFILE, "environment@1": a_profile()})
    everything = list(healthy(SETTLED_S + TOLD_S, machines=MACHINES))
    log.put(*everything[: SETTLED_S * len(MACHINES)])
    first = loaded(1, a_panel(seed=1))
    settled = fold(log, PartitionState(0).with_model(first), [0, len(log.source)]).state
    start = len(log.source)
    log.put(*troubled(everything[SETTLED_S * len(MACHINES) :], rng))
    for _ in range(4):
        log.source.insert(rng.randrange(start, len(log.source)), rng.choice([b"poison", b"", None]))
    return History(log, settled, (start + len(log.source)) // 2, loaded(2, a_panel(seed=2)))


def loaded(version: int, detector: object, profile: str = "pump@1") -> LoadedModel:
    model = ModelRef(
        profile=profile, name=profile.partition("@")[0], version=version, artifact_sha256=f"{version:064x}"
    )
    return LoadedModel(model, version, detector)  # type: ignore[arg-type]


@dataclass
class Folded:
    """What a fold said, as bytes, and the state it ended in."""

    state: PartitionState
    scores: dict[str, list[float]]
    verdicts: list[bytes]
    episodes: list[bytes]
    flags: dict[str, list[int]]

    def bits(self) -> tuple[bytes, dict[str, bytes], list[bytes], list[bytes], dict[str, list[int]]]:
        columns = {name: np.array(column).tobytes() for name, column in self.scores.items()}
        return to_bytes(self.state), columns, self.verdicts, self.episodes, self.flags


def fold(log: InMemoryLog, state: PartitionState, edges: Iterable[int]) -> Folded:
    """Score the records between each two neighbouring edges as one batch."""
    folded = Folded(state, {}, [], [], {flag: [] for flag in Flag})
    decoding, borders = FakeDecoding(log), sorted(edges)
    for first, after in pairwise(borders):
        batch = log.read(first, after)
        readings = decoding.decode(batch)
        judgement, folded.state = score(readings, folded.state, next_offset=after)
        (ledger,) = ledgers_of(Stretch("sensor-events", 0, first, after), readings, judgement, folded.state)
        held = {column.detector: column.scores for column in ledger.columns}
        for name in {*held, *folded.scores}:
            before = folded.scores.setdefault(name, [float("nan")] * (first - borders[0]))
            before.extend(held.get(name, [float("nan")] * (after - first)))
        folded.verdicts += [encode(verdict, log.contracts) for verdict in verdicts_of(readings, judgement)]
        folded.episodes += [encode(event, log.contracts) for event in judgement.episodes]
        for flag in ledger.flags:
            for low, high in zip(flag.ranges[::2], flag.ranges[1::2], strict=True):
                folded.flags[flag.name] += range(low, high)
    return folded


def lived(history: History, cuts: Iterable[int]) -> Folded:
    """Score the troubled part in batches that end at `cuts`, the model changing where it is recorded to change."""
    start, change = history.settled.next_offset, history.change_at
    edges = {start, change, history.end, *(cut for cut in cuts if start < cut < history.end)}
    before = fold(history.log, history.settled, (edge for edge in edges if edge <= change))
    begins, how = warming(history).begin(0, before.state, history.second)
    assert how.startswith("warmed")
    after = fold(history.log, before.state.with_model_state(begins), (edge for edge in edges if edge >= change))
    return Folded(
        after.state,
        {name: before.scores[name] + after.scores[name] for name in before.scores},
        before.verdicts + after.verdicts,
        before.episodes + after.episodes,
        {flag: before.flags[flag] + after.flags[flag] for flag in Flag},
    )


def warming(history: History) -> Warming:
    return Warming(FakeHistory(history.log), FakeDecoding(history.log))


def test_the_part_that_is_split_holds_everything_that_can_go_wrong(history: History) -> None:
    whole = lived(history, ())
    for flag in (Flag.LATE, Flag.DUPLICATE, Flag.CLOCK_AHEAD, Flag.UNSCORED, Flag.UNJUDGED, Flag.REJECTED):
        assert whole.flags[flag], flag
    assert len(whole.verdicts) > 5
    verdicts = [decode(value, history.log.contracts) for value in whole.verdicts]
    late = [one for one in verdicts if isinstance(one, AnomalyDetected) and one.late]
    assert {one.recorded_at < a_reading(-7_000).recorded_at for one in late} == {True, False}, "in both backlogs"
    assert whole.state.lanes.stretches.max() > 0
    assert whole.episodes


@settings(max_examples=examples(SPLITS), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@example(cuts=set(range(10_000)))
@given(cuts=st.sets(st.integers(SETTLED_S * len(MACHINES), (SETTLED_S + TOLD_S) * len(MACHINES) + 60), max_size=8))
def test_any_split_of_a_log_gives_equal_scores_verdicts_flags_and_bytes_of_the_state(
    history: History, cuts: set[int]
) -> None:
    history.whole = history.whole or lived(history, ())
    assert lived(history, cuts).bits() == history.whole.bits()
