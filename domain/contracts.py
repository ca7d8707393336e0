"""Contracts: which schema an id of the wire format means."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaPublished:
    """A schema was registered. Schema: telltale.SchemaPublished.avsc."""

    id: int
    subject: str
    version: int
    text: str
    sha256: str
