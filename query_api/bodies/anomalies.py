"""Verdicts and where they come from."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from query_api.bodies.common import Answer


class ModelName(Answer):
    """A model version and the bytes it is."""

    model: str = Field(description="Line and version, such as pump/1.")
    profile: str
    artifact_sha256: str


class Verdict(Answer):
    """A reading that was judged abnormal, in full."""

    event_id: UUID
    position: str = Field(description="topic/partition/offset of the verdict.")
    reading_event_id: UUID
    reading_position: str
    machine_id: str
    sensor_id: str
    recorded_at: datetime
    known_at: datetime
    kind: str
    kinds: list[str]
    score: float = Field(description="Ratio to the threshold; abnormal above 1.")
    raw_score: float
    severity: str = Field(description="warning below 1.5, high below 3, critical from there.")
    measurements: dict[str, float]
    expected: dict[str, float | None]
    contribution: dict[str, float | None]
    model: ModelName


class ReadingLineage(Answer):
    """The reading that was judged."""

    event_id: UUID
    position: str
    schema_id: int | None = Field(description="Id in the record's header; null: not kept by the read model.")
    recorded_at: datetime
    known_at: datetime | None
    profile: str
    source: str | None
    measurements: dict[str, float]


class ModelLineage(Answer):
    """The model that judged, and what it was made from."""

    model: str
    profile: str
    artifact_sha256: str
    detectors: list[str]
    trained_at: datetime | None
    rows: int | None
    manifest_sha256: str | None
    manifest: str | None = Field(description="Canonical JSON: offset ranges, parameters, seed, hash of the rows.")
    trained_position: str | None
    scores_since: str | None = Field(description="First reading of this partition that the model judged.")


class PromotionLineage(Answer):
    """Who made the model champion, and why."""

    actor: str
    because: str
    forced: bool
    promoted_at: datetime
    position: str


class VerdictCheck(Answer):
    """One comparison of a verdict with what it follows from."""

    what: str
    equal: bool | None = Field(description="Null when it could not be made; found says why.")
    recorded: str = Field(description="What the log recorded; numbers with all their digits.")
    found: str = Field(description="What stands there, or comes out, now.")


class Verification(Answer):
    """A verdict judged again."""

    equal: bool = Field(description="True when the reading was judged again and nothing differs.")
    same_runtime: bool | None = Field(
        description="True: numbers must be equal to the bit. False: another version scores now, within 1e-6 relative."
    )
    checks: list[VerdictCheck]
    because: str | None = Field(description="Why nothing could be compared; null when it was.")


class Explanation(Answer):
    """A verdict followed back: verdict, reading, model, training, promotion."""

    verdict: Verdict
    reading: ReadingLineage
    model: ModelLineage
    promotion: PromotionLineage | None = Field(description="Null when the promotion is not in the read model yet.")
    verification: Verification | None = Field(default=None, description="Null unless verify=true was asked.")
