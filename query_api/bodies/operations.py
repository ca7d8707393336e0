"""What the system says about itself: freshness, read models, contracts, topics."""

from datetime import datetime

from pydantic import Field

from query_api.bodies.common import Answer


class Health(Answer):
    """The process answers."""

    status: str = "ok"


class JudgingAnswer(Answer):
    """Whether every arriving reading is being judged, from the log of readings and the score ledger."""

    state: str = Field(
        description="judged; catching_up: behind, and the backlog shrinks; falling_behind: it grows; not_judged: "
        "readings wait and the ledger stands still; unknown: the log can't be asked."
    )
    unjudged: int | None = Field(description="Offsets of the log that the ledger does not account for; null: unknown.")
    oldest_unjudged_s: float | None = Field(description="For how long the oldest unjudged reading has waited.")
    cause: str | None = Field(description="Why it does not hold.")


class Readiness(Answer):
    """Everything that arrives is judged and shown."""

    status: str = Field(description="ok, behind or stopped (then the answer is 503).")
    lag_seconds: float | None
    stopped: list[str] = Field(description="What stopped, with its cause: read models, the judging of readings.")
    judging: JudgingAnswer


class Freshness(Answer):
    """How complete the answers are."""

    now: datetime
    complete_to: datetime | None = Field(description="Everything the log knew by then is in the answers.")
    behind_s: float | None
    last_reading_known_at: datetime | None
    machines: int
    sensors: int
    readings: int
    judging: JudgingAnswer


class ProjectionStatus(Answer):
    """One build of a read model and its projector."""

    read_model: str
    build: int
    serving: bool
    state: str = Field(
        description="loading, running, paused, waiting, stalled, stopped; silent: no report for 10 s; unknown: never."
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
        """Return whether its projector works, or rests because somebody said so."""
        return self.state in {"loading", "running", "paused", "waiting"}


class BuildStatus(Answer):
    """One build of a read model, the newest first."""

    build: int
    serving: bool
    state: str = Field(
        description="As of its projector; unfinished: a rebuild was interrupted or left it, and goes on with it."
    )
    created_at: datetime
    loaded_at: datetime | None = Field(description="When it first reached the log's end and got its indexes.")
    lag_offsets: int | None
    lag_seconds: float | None


class DifferentRow(Answer):
    """One row that two builds do not agree on; columns as text."""

    key: dict[str, str | None]
    here: dict[str, str | None] | None = Field(description="In the build computed from the log; null: not there.")
    there: dict[str, str | None] | None = Field(description="In the build it was compared with; null: not there.")


class TableDifference(Answer):
    """Rows of one table that two builds do not agree on."""

    table: str
    buckets: list[int] = Field(description="Buckets of the fingerprint that differ.")
    only_here: int = Field(description="Rows only in the build computed from the log.")
    only_there: int = Field(description="Rows only in the build it was compared with.")
    different: int = Field(description="Rows in both, with other values.")
    examples: list[DifferentRow] = Field(description="At most 20 of them.")


class ProofStatus(Answer):
    """What comparing a build computed from the log with the serving one found, both at the same positions."""

    proved_at: datetime
    equal: bool
    build: int = Field(description="Computed from the log.")
    against_build: int = Field(description="Serving at the time.")
    rows: int
    seconds: float
    positions: dict[str, int] = Field(description="Next offset by topic/partition.")
    differences: list[TableDifference]


class ReadModelStatus(ProjectionStatus):
    """A read model: its serving build, all its builds, and when it was last proven."""

    builds: list[BuildStatus]
    last_proof: ProofStatus | None
    swapped_at: datetime | None = Field(description="When another build began to serve; null: never.")
    swapped_because: str | None


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


class ProvenSchema(Answer):
    """Records of one topic and schema id that today's schema of their event reads."""

    topic: str
    schema_id: int
    event: str
    records: int
    first: str
    last: str


class UnreadableRecords(Answer):
    """Records of one topic that can't be read, for one reason."""

    topic: str
    error: str
    message: str
    records: int
    known: int = Field(description="So many of them lie in dead-letters or are skipped.")
    first: str
    last: str
    unknown: list[str] = Field(description="First positions of the others.")


class ContractProof(Answer):
    """What reading every stored record with today's schemas found (telltale contracts prove)."""

    proved_at: datetime
    seconds: float
    holds: bool = Field(description="Every record is readable, or known to be bad.")
    records: int
    ends: dict[str, int] = Field(description="Offset by topic/partition before which every record was read.")
    readable: list[ProvenSchema]
    unreadable: list[UnreadableRecords]


class ContractsState(Answer):
    """Whether the registry guards the contracts, and when the stored records were last proven."""

    registry_answers: bool
    last_proof: ContractProof | None = Field(description="Null: never proven, telltale contracts prove does it.")


class PartitionWatermark(Answer):
    """One partition of a topic. Offsets count the ends of transactions too."""

    partition: int
    next_offset: int | None = Field(
        description="Offset that the slowest serving read model reads next; null: none reads it."
    )
    highest_next_offset: int | None = Field(description="The same of the fastest.")
    first_offset: int | None = Field(description="First offset that the log still holds; null: it does not answer.")
    end_offset: int | None = Field(description="Offset after the last committed record; null likewise.")
    known_at: datetime | None = Field(description="Newest record that any of them has read.")


class TopicWatermarks(Answer):
    """One topic: where it begins and ends, and how far the read models are."""

    topic: str
    kind: str = Field(description="data (8 partitions, by machine) or control (1 partition).")
    read_models: list[str] = Field(description="Serving read models that read it.")
    whole: bool | None = Field(
        description="Whether it holds everything from its first record on, so that a rebuild from it is a full one; "
        "null: the log does not answer."
    )
    partitions: list[PartitionWatermark]


class ReadModelRows(Answer):
    """Rows of one table of one read model, as they are stored."""

    read_model: str
    build: int
    table: str
    columns: list[str]
    rows: list[list[object]]
    next_cursor: str | None
