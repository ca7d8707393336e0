"""Verdicts: readings judged abnormal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID, uuid5

from domain.models import ModelRef
from domain.positions import Position

VERDICT_NAMESPACE: Final = UUID("0b8f6b1e-3f1c-5a3d-9c55-7f2f9a7f4d21")
"""Namespace of verdict ids. For ever: ids in logs follow from it."""


class Severity(StrEnum):
    """How far above its threshold a verdict is."""

    WARNING = "warning"
    HIGH = "high"
    CRITICAL = "critical"


SEVERITY_RANK: Final[Mapping[str, int]] = MappingProxyType({one.value: rank for rank, one in enumerate(Severity)})
"""How bad each severity is, from 0."""

HIGH_FROM: Final = 1.5
CRITICAL_FROM: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyDetected:
    """A reading was judged abnormal. Schema: telltale.AnomalyDetected.avsc."""

    event_id: UUID
    reading_event_id: UUID
    reading_position: str
    machine_id: str
    sensor_id: str
    recorded_at: datetime
    kind: str
    kinds: tuple[str, ...]
    score: float
    raw_score: float
    severity: str
    measurements: Mapping[str, float]
    expected: Mapping[str, float]
    contribution: Mapping[str, float]
    model: ModelRef
    run_id: UUID | None = None
    late: bool = False


def severity_of(score: float) -> Severity:
    """Return the severity of a ratio to the threshold."""
    if score < HIGH_FROM:
        return Severity.WARNING
    return Severity.HIGH if score < CRITICAL_FROM else Severity.CRITICAL


def verdict_id(reading: Position, artifact_sha256: str) -> UUID:
    """Return the id of the verdict of one model on one reading: the same verdict always has the same id."""
    return uuid5(VERDICT_NAMESPACE, f"{reading}\0{artifact_sha256}")
