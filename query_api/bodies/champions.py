"""Model versions and who was champion when."""

from datetime import datetime

from pydantic import Field, computed_field

from domain.promotion import rolls_back_to
from query_api.bodies.common import Answer
from query_api.bodies.comparisons import ComparisonMade, Rejection


class ModelVersion(Answer):
    """A trained version."""

    model: str = Field(description="Line and version, such as pump/1.")
    name: str
    version: int
    profile: str
    artifact_sha256: str
    detectors: list[str]
    rows: int
    manifest_sha256: str
    metrics: dict[str, float | None]
    parameters: dict[str, str]
    trained_at: datetime
    position: str
    champion: bool
    promoted_at: datetime | None = Field(description="Newest promotion of this version.")


class ScoringStart(Answer):
    """From this reading on, the model judged one partition."""

    position: str = Field(description="First reading judged by it.")
    at: datetime
    previous: str | None


class Reign(Answer):
    """A time for which one version was champion."""

    model: str
    profile: str
    artifact_sha256: str
    starts_at: datetime
    ends_at: datetime | None = Field(description="Null: still champion.")
    replaces: str | None
    because: str
    actor: str
    forced: bool = Field(description="The gate was overruled.")
    comparison_id: str | None = Field(description="The comparison that stood at the gate.")
    rollback: bool = Field(description="It undid the promotion before.")
    position: str
    scoring: list[ScoringStart]


class Timeline(Answer):
    """Champions of one line, oldest first, without holes; what was compared and what was refused."""

    name: str
    reigns: list[Reign]
    comparisons: list[ComparisonMade]
    rejections: list[Rejection]

    @computed_field(description="The version that a rollback would make champion again; null: there is none before.")
    def rolls_back_to(self) -> str | None:
        """Return what the command service would go back to after these reigns."""
        return rolls_back_to((reign.profile, reign.model) for reign in self.reigns)
