"""Records that could not be accepted."""

from datetime import datetime

from pydantic import Field

from query_api.bodies.common import Answer


class DeadLetter(Answer):
    """One record that could not be accepted, and what became of it."""

    position: str = Field(description="topic/partition/offset of the record; its bytes: telltale dead-letters show.")
    error: str = Field(description="not_avro, undecodable, trailing_bytes, not_admitted.")
    message: str = Field(description="What is wrong, in words.")
    stage: str = Field(description="Who found it.")
    dead_lettered_at: datetime
    state: str = Field(description="open, redriven, discarded.")
    redriven_as: str | None = Field(description="Position of the record appended for it.")
    because: str | None = Field(description="Why it was decided so.")
    actor: str | None = Field(description="Who decided.")
    decided_at: datetime | None
    command: str | None = Field(description="What to do with an open one; null when decided.")
