"""What following a verdict back needs of the log; the adapter is infra's.

Everything here only reads, and only the log: neither MLflow nor a read model may be asked for what it says.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.anomalies import AnomalyDetected
from domain.positions import Position
from domain.promotion import ModelEvent
from domain.scoring import ReadingsScored, ScoringModelChanged
from ml.scoring.ports import ScoringHistory
from schemas.records import RecordBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedVerdict:
    """A verdict and its own place in the log."""

    event: AnomalyDetected
    position: Position
    appended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedModelNews:
    """An event of model-events and its place in the log."""

    event: ModelEvent
    position: Position
    appended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBytes:
    """What model-artifacts holds under a hash, whether or not it is what the hash says."""

    format: str
    content: bytes


class LineageLog(ScoringHistory, Protocol):
    """The log as whoever checks an old verdict reads it."""

    def verdict(self, event_id: UUID, *, near: Position | None) -> LoggedVerdict | None:
        """Return the first live verdict of that id, looked for at `near` first; None when the log has none."""

    def record(self, position: Position) -> RecordBatch | None:
        """Return the one record of a position; None when none is there."""

    def ledger(self, verdict: Position, *, reading: Position) -> ReadingsScored | None:
        """Return the ledger record that speaks of a reading, written in the transaction of its verdict."""

    def decisions_before(self, verdict: Position) -> Iterator[ReadingsScored | ScoringModelChanged]:
        """Yield ledger records and changes of model of the verdict's partition, from the verdict back to the start."""

    def model_news(self) -> Iterable[LoggedModelNews]:
        """Return all events of model-events, in order."""

    def stored(self, artifact_sha256: str) -> StoredBytes | None:
        """Return what is stored under a hash, unverified; None when it is not there whole."""
