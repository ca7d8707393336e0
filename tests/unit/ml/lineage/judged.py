"""A scored history that a test may falsify, and what a verifier says of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from domain.anomalies import AnomalyDetected
from domain.readings import SensorReadingRecorded
from domain.topics import ANOMALY_EVENTS
from ml.artifact import Artifact, pack, unpack
from ml.lineage.lineage import lineage_of
from ml.lineage.verify import Check, StoredRow, Verification, Verifier
from ml.scoring.scorer import Scorer
from schemas.codec import decode, encode
from tests.fakes.lineage import ArtifactsInMemory, FakeLineageLog
from tests.fakes.scoring import FakeDecoding, InMemoryLog
from tests.unit.ml.scoring.test_scorer import steps


@dataclass
class History:
    """A scored history with two changes of model, and whoever checks it."""

    log: InMemoryLog
    artifacts: ArtifactsInMemory

    def verdicts(self) -> list[AnomalyDetected]:
        return [event for event in self.log.topics[ANOMALY_EVENTS] if isinstance(event, AnomalyDetected)]

    def verify(self, verdict: AnomalyDetected, row: StoredRow | None = None) -> Verification:
        lineage_log = FakeLineageLog(self.log, self.artifacts)
        lineage = lineage_of(verdict.event_id, lineage_log, self.log.contracts)
        return Verifier(lineage_log, FakeDecoding(self.log)).verify(lineage, row)


def with_faults(readings: Iterator[SensorReadingRecorded]) -> Iterator[SensorReadingRecorded]:
    for place, reading in enumerate(readings):
        far = 1.5 if place % 301 == 300 else 0.0
        values = {**reading.measurements, "vibration": reading.measurements["vibration"] + far}
        yield replace(reading, measurements=values)


def catch_up(scorer: Scorer, log: InMemoryLog) -> None:
    while log.offset != len(log.source):
        steps(scorer, 1)


def only(verification: Verification, what: str) -> Check:
    (check,) = [check for check in verification.checks if check.what == what]
    return check


def damaged(content: bytes) -> bytes:
    """Return a model whose numbers are all a little larger; its form is whole."""
    artifact = unpack(content)
    arrays = {name: array * 1.01 if array.dtype.kind == "f" else array for name, array in artifact.arrays.items()}
    return pack(Artifact(header=artifact.header, arrays=arrays))


def falsify(history: History, verdict: AnomalyDetected, **measured: float) -> None:
    """Overwrite what sensor-events holds of a verdict's reading."""
    log, offset = history.log, int(verdict.reading_position.rsplit("/", 1)[1])
    reading = decode(log.source[offset], log.contracts)
    assert isinstance(reading, SensorReadingRecorded)
    log.source[offset] = encode(replace(reading, measurements={**reading.measurements, **measured}), log.contracts)
    log.keys[log.source[offset]] = reading.machine_id.encode()
