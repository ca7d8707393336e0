"""Who was champion when and why, what was refused, and how two versions compare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedVersion:
    """A trained version, as lists show it."""

    model: str
    name: str
    version: int
    profile: str
    detectors: tuple[str, ...]
    rows: int
    trained_at: datetime
    champion: bool
    promoted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reign:
    """A time for which one version was champion."""

    model: str
    profile: str
    starts_at: datetime
    ends_at: datetime | None
    replaces: str | None
    because: str
    actor: str
    forced: bool
    rollback: bool
    comparison_id: str | None
    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetKept:
    """One budget of the gate."""

    budget: str
    measured: float
    limit: float
    kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonMade:
    """Two versions of a line were compared."""

    champion: str
    challenger: str
    within_budgets: bool
    readings: int
    compared_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A promotion that the gate refused."""

    model: str
    against: str
    comparison_id: str | None
    checks: tuple[BudgetKept, ...]
    because: str
    actor: str
    rejected_at: datetime
    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Champions of one line, oldest first."""

    name: str
    reigns: tuple[Reign, ...]
    comparisons: tuple[ComparisonMade, ...]
    rejections: tuple[Rejection, ...]
    rolls_back_to: str | None = None
    """The version that a rollback would make champion again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonNumbers:
    """What the gate decides by, as far as the page shows it."""

    readings: int
    machine_days: float
    champion_incidents: int
    challenger_incidents: int
    champion_unexplained_incidents: int
    challenger_unexplained_incidents: int
    labelled_faults: int
    champion_found: int
    challenger_found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Readings on which two versions agree, and those that only one calls abnormal."""

    readings: int
    gained: int
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Abnormal readings led by one kind of detector."""

    champion: int
    challenger: int
    gained: int
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A labelled fault, whether each found it, and after how long."""

    machine_id: str
    label: str
    began_at: datetime
    champion_found: bool
    champion_delay_s: float | None = None
    challenger_found: bool
    challenger_delay_s: float | None = None
    """From its first labelled reading to the first one judged abnormal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Labelled faults with their names, and how many more there are."""

    named: tuple[Fault, ...]
    others: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A reading that only one of them calls abnormal."""

    position: str
    machine_id: str
    sensor_id: str
    recorded_at: datetime
    champion_score: float | None
    challenger_score: float | None
    kind: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """The worst of both directions."""

    gained: tuple[Flip, ...]
    lost: tuple[Flip, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreGroup:
    """Readings of which the same is known, and the scores that both gave some of them."""

    readings: int
    sample: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a comparison counted; reports of earlier forms have no scores."""

    decisions: Decided
    machines: Mapping[str, object]
    kinds: Mapping[str, Kind]
    labels: Mapping[str, Decided]
    faults: Faults
    flips: Flips
    trained_on: Mapping[str, int]
    incidents_opened_by: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Of champion and challenger by the kinds that opened them, several joined by +."""
    scores: Mapping[str, ScoreGroup] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsDiff:
    """The newest comparison of two versions: `a` the champion, `b` the challenger."""

    comparison_id: str
    a: str
    b: str
    recorded_from: datetime | None
    recorded_before: datetime | None
    numbers: ComparisonNumbers
    checks: Sequence[BudgetKept]
    within_budgets: bool
    report: Report
    compared_at: datetime
    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSignal:
    """One channel, or one kind of score, against the training set."""

    name: str
    kind: str
    index: float
    usual_up_to: float
    readings: int
    enough: bool
    outside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftPart:
    """A part of the window."""

    starts_at: datetime
    ends_at: datetime
    signals: tuple[DriftSignal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDrift:
    """A window of the live stream against the set that a model was trained on."""

    model: str
    state: str
    because: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    readings: int
    signals: tuple[DriftSignal, ...]
    parts: tuple[DriftPart, ...]
