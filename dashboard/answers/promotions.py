"""What the command service answers to a promotion or a rollback, and why it refuses a command."""

from dataclasses import dataclass
from datetime import datetime

from dashboard.answers.incidents import Standing
from dashboard.answers.models import BudgetKept


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoted:
    """Who is champion now, and where the log says so."""

    model: str
    replaces: str | None
    because: str
    actor: str
    rollback: bool
    promoted_at: datetime
    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRefusal:
    """The gate kept the champion; `position` is where the log has the refusal."""

    model: str
    against: str
    comparison_id: str | None
    checks: tuple[BudgetKept, ...]
    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a command was refused; with the champion that stays, and the gate's numbers when it was the gate.

    `standing`: who decided what stands in the way.
    """

    detail: str
    standing: Standing | None = None
    champion: Promoted | None = None
    rejection: GateRefusal | None = None
