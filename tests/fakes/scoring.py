"""Fakes of the scorer's ports: a log in memory, and a detector simple enough to work out by hand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from domain.dead_letters import RecordSkipped
from domain.models import ModelPromoted, ModelRef
from domain.profiles import ProfileDefined
from domain.readings import SensorReadingRecorded
from domain.scoring import ReadingsScored, ScorerStateSaved
from domain.topics import ANOMALY_EVENTS, SCORER_STATE, SENSOR_EVENTS, SKIPS
from ml.detector import Batch, Detector, Explanations, FloatArray, IntArray, Verdicts
from ml.scoring.ports import ModelUnloadable, RegistryAway, TransactionAborted, Waits
from ml.scoring.snapshots import whole_snapshots
from schemas.codec import Event, encode
from schemas.contracts import Contracts
from schemas.decoder import ReadingDecoder
from schemas.readings import Readings, UnknownReference
from schemas.records import RecordBatch
from tests.builders import a_batch, published_contracts


class RunningMeanDetector:
    """Raw score: distance of the first channel from the mean of what the sensor showed before; so it has a state."""

    kinds = ("distance",)
    votes = (True,)
    parameters: Mapping[str, str] = {"rule": "distance from the running mean"}
    runtime = "test 1"
    state_size = 2

    def __init__(
        self, channels: tuple[str, ...] = ("temperature", "pressure", "vibration"), threshold: float = 5
    ) -> None:
        self.channels = channels
        self.threshold = threshold

    def fresh(self, *, machine_id: str, sensor_id: str) -> FloatArray:
        return np.zeros(2)

    def score(self, batch: Batch, states: FloatArray) -> tuple[Verdicts, FloatArray]:
        after, raw = states.copy(), np.empty((len(batch.values), 1))
        for row, sensor in enumerate(batch.sensors.tolist()):
            seen, total = after[sensor]
            raw[row, 0] = abs(batch.values[row, 0] - total / seen) if seen else np.nan
            after[sensor] = seen + 1, total + batch.values[row, 0]
        return Verdicts(ratios=raw / self.threshold, raw=raw, unjudged=np.isnan(raw[:, 0])), after

    def explain(self, batch: Batch, states: FloatArray, *, rows: IntArray, kinds: IntArray) -> Explanations:
        nothing = np.full((len(rows), len(self.channels)), np.nan)
        return Explanations(expected=nothing, contribution=nothing)


@dataclass
class InMemoryLog:
    """Topics of one source partition in memory; what a transaction appended shows when it is committed."""

    contracts: Contracts = field(default_factory=published_contracts)
    profiles: dict[str, ProfileDefined] = field(default_factory=dict)
    topics: dict[str, list[Event]] = field(default_factory=dict)
    source: list[bytes | None] = field(default_factory=list)
    keys: dict[bytes | None, bytes] = field(default_factory=dict)
    model_events: list[tuple[int, object]] = field(default_factory=list)
    artifacts: dict[str, Detector] = field(default_factory=dict)
    offset: int | None = None

    def read(self, start: int, end: int) -> RecordBatch:
        values = self.source[start:end]
        return a_batch(values, keys=[self.keys.get(value, b"hall-a") for value in values], first_offset=start)

    def put(self, *events: Event) -> None:
        for event in events:
            self.source.append(encode(event, self.contracts))
            if isinstance(event, SensorReadingRecorded):
                self.keys[self.source[-1]] = event.machine_id.encode()

    def promote(
        self,
        version: int = 1,
        *,
        profile: str = "environment@1",
        threshold: float = 5,
        detector: Detector | None = None,
    ) -> ModelRef:
        model = ModelRef(
            profile=profile, name=profile.split("@", 1)[0], version=version, artifact_sha256=f"{version:064x}"
        )
        self.artifacts.setdefault(model.artifact_sha256, detector or RunningMeanDetector(threshold=threshold))
        promoted = ModelPromoted(model=model, replaces=None, because="test", actor="test", forced=False)
        self.model_events.append((len(self.model_events), promoted))
        return model

    def copy(self) -> "InMemoryLog":
        """Return a log that holds the same, and can be added to or falsified alone."""
        return replace(
            self,
            topics={topic: [*events] for topic, events in self.topics.items()},
            source=[*self.source],
            model_events=[*self.model_events],
            artifacts={**self.artifacts},
        )

    def written(self, kind: type[Event]) -> list[Event]:
        return [event for events in self.topics.values() for event in events if isinstance(event, kind)]


class FakeScoringLog:
    """A slot on an InMemoryLog; `batch_sizes` cuts the polls, `crash_after` names the step at which commits fail."""

    def __init__(self, log: InMemoryLog, batch_sizes: Iterator[int] | None = None) -> None:
        self._log = log
        self._sizes = batch_sizes
        self._given: frozenset[int] | None = frozenset({0})
        self._position: int | None = None
        self._paused = False
        self.abort_next = False
        self._open: list[tuple[str, Event]] = []
        self._advanced: int | None = None

    def poll(self, timeout_s: float) -> Sequence[RecordBatch]:
        if self._position is None or self._paused or self._position >= len(self._log.source):
            return ()
        end = min(self._position + (next(self._sizes) if self._sizes else 10_000), len(self._log.source))
        batch = self._log.read(self._position, end)
        self._position = end
        return (batch,)

    def rebalanced(self) -> frozenset[int] | None:
        given, self._given = self._given, None
        return given

    def take(self, positions: Mapping[int, int]) -> None:
        self._position = positions.get(0)
        self._paused = False

    def committed(self, partitions: Iterable[int]) -> Mapping[int, int | None]:
        return dict.fromkeys(partitions, self._log.offset)

    def pause(self, partition: int) -> None:
        self._paused = True

    def resume(self, partition: int) -> None:
        self._paused = False

    @contextmanager
    def transaction(self) -> Iterator["FakeScoringLog"]:
        self._open, self._advanced = [], None
        yield self
        if self.abort_next:
            self.abort_next = False
            raise TransactionAborted("the test said so")
        for topic, event in self._open:
            self._log.topics.setdefault(topic, []).append(event)
        self._log.offset = self._advanced

    def append(self, topic: str, partition: int, key: str | None, event: Event) -> None:
        assert partition == 0
        self._open.append((topic, event))

    def advance(self, positions: Mapping[int, int]) -> None:
        self._advanced = positions[0]


class FakeHistory:
    """What the InMemoryLog holds, as a later process reads it."""

    def __init__(self, log: InMemoryLog) -> None:
        self._log = log

    def newest_ledger(self, partition: int) -> ReadingsScored | None:
        ledgers = [event for event in self._log.topics.get(ANOMALY_EVENTS, []) if isinstance(event, ReadingsScored)]
        return ledgers[-1] if ledgers else None

    def snapshots(self, partition: int) -> Iterator[Sequence[ScorerStateSaved]]:
        saved = reversed(self._log.topics.get(SCORER_STATE, []))
        yield from whole_snapshots(event for event in saved if isinstance(event, ScorerStateSaved))

    def records(self, partition: int, start: int, end: int) -> Iterator[RecordBatch]:
        if start < end:
            yield self._log.read(start, end)

    def topic_id(self) -> str:
        return SENSOR_EVENTS


class FakeModels:
    """Model events and detectors of an InMemoryLog."""

    def __init__(self, log: InMemoryLog) -> None:
        self._log = log
        self._position = 0

    def promotions(self) -> Iterable[tuple[int, object]]:
        news = self._log.model_events[self._position :]
        self._position += len(news)
        return news

    def load(self, model: ModelRef) -> Detector:
        try:
            return self._log.artifacts[model.artifact_sha256]
        except KeyError:
            raise ModelUnloadable(f"{model} is not there") from None


class FakeDecoding:
    """The real decoder over an InMemoryLog's contracts and profiles."""

    def __init__(self, log: InMemoryLog) -> None:
        self._log = log
        self._decoder = ReadingDecoder(log.contracts, log.profiles)

    def decode(self, batch: RecordBatch) -> Readings:
        return self._without(batch, only_unread=True)

    def decode_new(self, batches: Sequence[RecordBatch]) -> tuple[Readings, ...]:
        return tuple(self._without(batch, only_unread=False) for batch in batches)

    def unknown(self, batch: RecordBatch) -> Sequence[UnknownReference]:
        unknown = self._decoder.unknown(batch)
        return [one for one in unknown if self.skip_of(one.offset, batch.partition) is None]

    def skip_of(self, offset: int, partition: int) -> RecordSkipped | None:
        return self._skips().get(f"{SENSOR_EVENTS}/{partition}/{offset}")

    def _without(self, batch: RecordBatch, *, only_unread: bool) -> Readings:
        skips = [self.skip_of(offset, batch.partition) for offset in batch.offsets.tolist()]
        passed = np.array([skip is not None and (skip.unread or not only_unread) for skip in skips], np.bool_)
        readings = self._decoder.decode(batch.take(np.flatnonzero(~passed)))
        return replace(readings, skipped=tuple(batch.offsets[passed].tolist()))

    def _skips(self) -> dict[str, RecordSkipped]:
        events = [event for event in self._log.topics.get(SKIPS, []) if isinstance(event, RecordSkipped)]
        return {event.position: event for event in sorted(events, key=lambda event: event.unread)}


class FakeSchemaNames:
    """A registry that knows `names`, and does not answer while it is `away`."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self.away = False

    def name_of(self, schema_id: int) -> str | None:
        if self.away:
            raise RegistryAway("the test said so")
        return self.names.get(schema_id)


class FakeWaitingReport:
    """Keeps what was reported last."""

    def __init__(self) -> None:
        self.waiting: Sequence[Waits] = ()

    def write(self, waiting: Sequence[Waits]) -> None:
        self.waiting = waiting
