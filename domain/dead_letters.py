"""Records that can't be accepted, and those that people told the builds to pass over."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """One header of a record."""

    name: str
    value: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLettered:
    """A record that the system can't accept, kept whole. Schema: telltale.DeadLettered.avsc."""

    position: str
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]
    error: str
    message: str
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSkipped:
    """A person told every build to pass over one record. Schema: telltale.RecordSkipped.avsc."""

    position: str
    because: str
    actor: str
