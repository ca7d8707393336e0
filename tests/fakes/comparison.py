"""Fakes for comparing models: readings that carry both models' opinions in their own channels, and a log in memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from domain.comparison import ModelsCompared
from domain.models import ModelTrained
from domain.positions import Position
from domain.profiles import ProfileDefined
from domain.readings import SensorReadingRecorded
from ml.comparison.ports import ComparisonContradicted, Recorded
from ml.detector import Batch, Detector, Explanations, FloatArray, IntArray, Verdicts
from ml.manifest import OffsetRange, Selection
from ml.training.ports import ModelNotStored, ReadingsGone
from schemas.codec import encode
from schemas.decoder import ReadingDecoder
from schemas.readings import Readings
from tests.builders import a_batch, a_profile, a_reading, published_contracts

KINDS = ("spike", "shift")
CHANNELS = ("champion_spike", "champion_shift", "champion_mute", "challenger_spike", "challenger_shift")
PUMP = a_profile("pump", channels=CHANNELS)


class ScriptedDetector:
    """Takes its ratios from the reading's own channels; what is not measured was not judged."""

    runtime = "test 1"
    threshold = 1.0
    parameters: Mapping[str, str] = {}
    state_size = 0
    channels = CHANNELS

    def __init__(self, kinds: Sequence[str], columns: Sequence[int], votes: Sequence[bool]) -> None:
        self.kinds = tuple(kinds)
        self.votes = tuple(votes)
        self._columns = list(columns)

    def fresh(self, *, machine_id: str, sensor_id: str) -> FloatArray:
        return np.empty(0)

    def score(self, batch: Batch, states: FloatArray) -> tuple[Verdicts, FloatArray]:
        ratios = batch.values[:, self._columns]
        judged = ~np.isnan(ratios[:, list(self.votes)])
        return Verdicts(ratios=ratios, raw=ratios, unjudged=np.asarray(~judged.any(axis=1))), states

    def explain(self, batch: Batch, states: FloatArray, *, rows: IntArray, kinds: IntArray) -> Explanations:
        nothing = np.full((len(rows), len(self.channels)), np.nan)
        return Explanations(expected=nothing, contribution=nothing)


DETECTORS: Mapping[bytes, Detector] = {
    b"champion": ScriptedDetector((*KINDS, "mute"), (0, 1, 2), (True, True, False)),
    b"challenger": ScriptedDetector(KINDS, (3, 4), (True, True)),
}
"""By the bytes that stand for them; the champion has a kind that is only written down."""


def load(content: bytes, *, format: str) -> Detector:  # noqa: A002 - the event's own word
    return DETECTORS[content]


def judged_reading(
    second: float,
    *,
    champion: float = 0.1,
    challenger: float = 0.1,
    champion_shift: float = 0.1,
    challenger_shift: float = 0.1,
    champion_mute: float = 0.1,
    machine_id: str = "pump-01",
    sensor_id: str = "north",
    label: str | None = None,
    healthy: bool = False,
) -> SensorReadingRecorded:
    """Return a reading of which the models will say these ratios (of spike, unless named); NaN: not judged."""
    said = dict(
        zip(CHANNELS, (champion, champion_shift, champion_mute, challenger, challenger_shift), strict=True),
    )
    measured = {channel: value for channel, value in said.items() if not np.isnan(value)}
    reading = a_reading(
        second, machine_id=machine_id, sensor_id=sensor_id, profile="pump@1", measurements=measured, anomaly_type=label
    )
    if not healthy:
        return reading
    return SensorReadingRecorded(
        **{**{name: getattr(reading, name) for name in reading.__dataclass_fields__}, "anomaly_injected": False}
    )


@dataclass
class FakeComparedReadings:
    """Partitions of readings, given in batches of `sizes` over and over."""

    partitions: Mapping[int, Sequence[SensorReadingRecorded]]
    sizes: Sequence[int] = (1000,)
    defined: ProfileDefined = PUMP

    def profile(self, name: str) -> ProfileDefined:
        return self.defined

    def everything(self, profile: str) -> Selection:
        ranges = tuple(
            OffsetRange(partition=partition, from_offset=0, next_offset=len(readings))
            for partition, readings in sorted(self.partitions.items())
        )
        return Selection(profile=profile, topic="sensor-events", topic_id="an-id", ranges=ranges)

    def require(self, selection: Selection) -> None:
        for one in selection.ranges:
            if one.next_offset > len(self.partitions.get(one.partition, ())):
                raise ReadingsGone(f"sensor-events/{one.partition} is shorter")

    def read(self, topic: str, stretch: OffsetRange) -> Iterator[Readings]:
        contracts = published_contracts()
        decoder = ReadingDecoder(contracts, {self.defined.ref: self.defined})
        readings = self.partitions[stretch.partition]
        held = [encode(reading, contracts) for reading in readings]
        keys = [reading.machine_id.encode() for reading in readings]
        first, turn = stretch.from_offset, 0
        while first < stretch.next_offset:
            after = min(first + self.sizes[turn % len(self.sizes)], stretch.next_offset)
            batch = a_batch(held[first:after], keys=keys[first:after], first_offset=first, partition=stretch.partition)
            # A day later than they were taken: none comes from a clock that is ahead.
            yield decoder.decode(replace(batch, appended_at_us=batch.appended_at_us + 86_400_000_000))
            first, turn = after, turn + 1


@dataclass
class FakeComparedModels:
    """Versions whose bytes are names of DETECTORS."""

    events: Sequence[ModelTrained]
    contents: Mapping[str, bytes]

    def trained(self) -> tuple[ModelTrained, ...]:
        return tuple(self.events)

    def content(self, artifact_sha256: str) -> tuple[str, bytes]:
        try:
            return "test", self.contents[artifact_sha256]
        except KeyError:
            raise ModelNotStored(artifact_sha256) from None


@dataclass
class FakeComparisons:
    """Comparisons in memory."""

    held: list[ModelsCompared] = field(default_factory=list)

    def append(self, compared: ModelsCompared) -> Recorded:
        for offset, known in enumerate(self.held):
            if known.comparison_id == compared.comparison_id:
                if known.report_sha256 != compared.report_sha256:
                    raise ComparisonContradicted(compared.comparison_id)
                return Recorded(position=Position("model-events", 0, offset), appended=False)
        self.held.append(compared)
        return Recorded(position=Position("model-events", 0, len(self.held) - 1), appended=True)
