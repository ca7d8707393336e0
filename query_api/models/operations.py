"""What the system says about itself: freshness, read models, contracts, topics."""

from datetime import datetime

from pydantic import Field

from query_api.models.common import Answer


class Health(Answer):
    """The process answers."""

    status: str = "ok"


class Readiness(Answer):
    """The read models behind the API move."""

    status: str = Field(description="ok, behind or stopped (then the answer is 503).")
    lag_seconds: float | None
    stopped: list[str] = Field(description="Read models that stopped, with their cause.")


class Freshness(Answer):
    """How complete the answers are."""

    now: datetime
    complete_to: datetime | None = Field(description="Everything the log knew by then is in the answers.")
    behind_s: float | None
    last_reading_known_at: datetime | None
    machines: int
    sensors: int
    readings: int


class ProjectionStatus(Answer):
    """One build of a read model and its projector."""

    read_model: str
    build: int
    serving: bool
    state: str = Field(
        description="loading, running, waiting, stalled, stopped; silent: no report for 10 s; unknown: never one."
    )
    cause: str | None = Field(description="Why it does not move.")
    position: str | None = Field(description="Position at which it waits or stopped.")
    lag_offsets: int | None
    lag_seconds: float | None
    rate_per_s: float | None
    known_at: datetime | None = Field(description="Newest record it holds.")
    reported_at: datetime | None = Field(description="When its projector last said so.")

    @property
    def moving(self) -> bool:
        """Return whether its projector works."""
        return self.state in {"loading", "running", "waiting"}


class Contract(Answer):
    """One published version of one event's schema."""

    subject: str
    version: int
    id: int = Field(description="Id in the wire format.")
    event: str
    topic: str
    sha256: str
    published_at: datetime
    position: str


class PartitionWatermark(Answer):
    """One partition as the read models know it."""

    partition: int
    next_offset: int = Field(description="Offset that the slowest serving read model reads next.")
    highest_next_offset: int = Field(description="The same of the fastest: the end as far as anybody here knows.")
    known_at: datetime | None = Field(description="Newest record that any of them has read.")


class TopicWatermarks(Answer):
    """One topic as the read models know it."""

    topic: str
    kind: str = Field(description="data (8 partitions, by machine) or control (1 partition).")
    read_models: list[str] = Field(description="Serving read models that read it.")
    partitions: list[PartitionWatermark]


class ReadModelRows(Answer):
    """Rows of one table of one read model, as they are stored."""

    read_model: str
    build: int
    table: str
    columns: list[str]
    rows: list[list[object]]
    next_cursor: str | None
