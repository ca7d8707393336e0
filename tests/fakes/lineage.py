"""A fake of the lineage's log over an InMemoryLog, whose artifacts are bytes that a test can damage."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from domain.anomalies import AnomalyDetected
from domain.models import ModelPromoted, ModelRef, ModelTrained
from domain.positions import Position
from domain.promotion import ModelEvent
from domain.scoring import ReadingsScored, ScoringModelChanged
from domain.topics import ANOMALY_EVENTS, MODEL_EVENTS
from ml.artifact import FORMAT, sha256_of
from ml.lineage.ports import LoggedModelNews, LoggedVerdict, StoredBytes
from ml.loading import load_detector
from schemas.codec import Event
from schemas.records import RecordBatch
from tests.builders import NOON
from tests.fakes.scoring import FakeHistory, InMemoryLog

YEARS = timedelta(days=1000)


@dataclass
class ArtifactsInMemory:
    """Trained models beside an InMemoryLog: bytes by hash and the ModelTrained of each."""

    log: InMemoryLog
    stored: dict[str, bytes] = field(default_factory=dict)
    trained: list[ModelTrained] = field(default_factory=list)

    def promote(self, content: bytes, *, profile: str) -> ModelRef:
        """Put a model into the log, and into force."""
        name, sha256 = profile.split("@", 1)[0], sha256_of(content)
        model = ModelRef(profile=profile, name=name, version=len(self.trained) + 1, artifact_sha256=sha256)
        manifest = f"manifest of {model}"
        trained = ModelTrained(
            model=model,
            detectors=(),
            manifest=manifest,
            manifest_sha256=sha256_of(manifest.encode()),
            rows=1,
            metrics={},
            parameters={},
        )
        self.trained.append(trained)
        self.log.model_events.append((len(self.log.model_events), trained))
        self.stored[sha256] = content
        self.log.artifacts[sha256] = load_detector(content)
        promoted = ModelPromoted(model=model, replaces=None, because="a test", actor="ada", forced=False)
        self.log.model_events.append((len(self.log.model_events), promoted))
        return model


class FakeLineageLog(FakeHistory):
    """What an InMemoryLog and its artifacts hold, as a verifier reads it; partition 0 alone."""

    def __init__(self, log: InMemoryLog, artifacts: ArtifactsInMemory) -> None:
        super().__init__(log)
        self._held = log
        self._artifacts = artifacts

    def verdict(self, event_id: UUID, *, near: Position | None) -> LoggedVerdict | None:
        for offset, event in enumerate(self._events()):
            if isinstance(event, AnomalyDetected) and event.event_id == event_id:
                position = Position(ANOMALY_EVENTS, 0, offset)
                return LoggedVerdict(event=event, position=position, appended_at=NOON + YEARS)
        return None

    def record(self, position: Position) -> RecordBatch | None:
        if position.offset >= len(self._held.source):
            return None
        return self._held.read(position.offset, position.offset + 1)

    def ledger(self, verdict: Position, *, reading: Position) -> ReadingsScored | None:
        for event in self._events()[verdict.offset :]:
            if isinstance(event, ReadingsScored):
                return event
        return None

    def decisions_before(self, verdict: Position) -> Iterator[ReadingsScored | ScoringModelChanged]:
        for event in reversed(self._events()[: verdict.offset]):
            if isinstance(event, ReadingsScored | ScoringModelChanged):
                yield event

    def model_news(self) -> Iterable[LoggedModelNews]:
        for offset, event in self._held.model_events:
            if isinstance(event, ModelEvent):
                yield LoggedModelNews(event=event, position=Position(MODEL_EVENTS, 0, offset), appended_at=NOON)

    def stored(self, artifact_sha256: str) -> StoredBytes | None:
        content = self._artifacts.stored.get(artifact_sha256)
        return None if content is None else StoredBytes(format=FORMAT, content=content)

    def _events(self) -> list[Event]:
        return self._held.topics.get(ANOMALY_EVENTS, [])
