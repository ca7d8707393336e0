"""Two model versions over the same history, and what the promotion gate made of it."""

from datetime import datetime
from typing import Any

from pydantic import Field

from domain.comparison import ComparisonNumbers
from query_api.bodies.common import Answer


class BudgetKept(Answer):
    """One budget of the gate."""

    budget: str
    measured: float
    limit: float
    kept: bool


class ComparedOffsets(Answer):
    """Half-open offsets of one partition."""

    partition: int
    from_offset: int
    next_offset: int


class ModelsDiff(Answer):
    """The newest comparison of two versions."""

    comparison_id: str
    a: str = Field(description="Champion, such as pump/1.")
    b: str = Field(description="Challenger, such as pump/2.")
    profile: str
    ranges: list[ComparedOffsets] = Field(description="The history, by partition of sensor-events.")
    recorded_from: datetime | None
    recorded_before: datetime | None
    numbers: ComparisonNumbers = Field(description="What the gate decides by.")
    checks: list[BudgetKept] = Field(description="The gate's budgets.")
    within_budgets: bool
    report: dict[str, Any] = Field(description="All else that was counted; docs/models.md describes it.")
    report_sha256: str
    compared_at: datetime
    position: str


class ComparisonMade(Answer):
    """A comparison of two versions of a line."""

    comparison_id: str
    champion: str
    challenger: str
    within_budgets: bool
    readings: int
    compared_at: datetime
    position: str


class Rejection(Answer):
    """A promotion that the gate refused."""

    model: str
    against: str
    comparison_id: str | None = Field(description="Null: the two were never compared.")
    checks: list[BudgetKept]
    because: str
    actor: str
    rejected_at: datetime
    position: str
