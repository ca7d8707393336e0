"""What publishing and comparing contracts need of the registry and of topic contracts."""

from collections.abc import Sequence
from typing import Protocol

from domain.contracts import SchemaPublished
from infra.registry.client import Registration
from schemas.contracts import Contracts


class ContractsLog(Protocol):
    """Topic contracts, as its one publisher needs it."""

    def take_pen(self) -> None:
        """Shut every other publisher out."""

    def published(self) -> tuple[SchemaPublished, ...]:
        """Return all publications in the order of the log, open transactions waited for."""

    def append(self, publications: Sequence[SchemaPublished], known: Contracts) -> None:
        """Append all publications, or none."""


class Registry(Protocol):
    """The schema registry, as the publisher needs it."""

    def subjects(self) -> tuple[str, ...]:
        """Return the names of all subjects."""

    def compatibility(self, subject: str | None = None) -> str | None:
        """Return the level of a subject, or the global one; None when the subject has none of its own."""

    def demand_compatibility(self, subject: str | None = None) -> None:
        """Set FULL_TRANSITIVE."""

    def text(self, schema_id: int) -> str | None:
        """Return what an id means; None when it means nothing."""

    def register(self, subject: str, text: str) -> Registration:
        """Register a schema, or find it registered."""
