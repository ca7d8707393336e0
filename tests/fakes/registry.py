"""Fakes of the publisher's ports: a registry that counts ids as the real one does, and topic contracts in memory."""

from collections.abc import Sequence

from domain.contracts import SchemaPublished
from infra.registry.client import COMPATIBILITY, Registration, SchemaRefused
from schemas.compatibility import Side, incompatibilities
from schemas.contracts import Contracts
from schemas.parsed import InvalidSchema, ParsedSchema, machine_form


class FakeRegistry:
    """Gives ids to schemas in the order they come, one for all texts of one form."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._versions: dict[str, list[int]] = {}
        self._levels: dict[str | None, str] = {None: "NONE"}

    def subjects(self) -> tuple[str, ...]:
        return tuple(self._versions)

    def compatibility(self, subject: str | None = None) -> str | None:
        return self._levels.get(subject)

    def demand_compatibility(self, subject: str | None = None) -> None:
        self._levels[subject] = COMPATIBILITY

    def weaken_compatibility(self, subject: str) -> None:
        self._levels[subject] = "NONE"

    def text(self, schema_id: int) -> str | None:
        return machine_form(self._texts[schema_id - 1]) if schema_id <= len(self._texts) else None

    def register(self, subject: str, text: str) -> Registration:
        try:
            form = machine_form(text)
        except InvalidSchema as error:
            raise SchemaRefused(subject, str(error)) from error
        schema_id = next((place for place, old in enumerate(self._texts, 1) if machine_form(old) == form), None)
        versions = self._versions.get(subject, [])
        if schema_id not in versions and not self.allows(subject, text):
            raise SchemaRefused(subject, "Incompatible artifact")
        if schema_id is None:
            self._texts.append(text)
            schema_id = len(self._texts)
        if schema_id not in versions:
            self._versions.setdefault(subject, []).append(schema_id)
        return Registration(id=schema_id, subject=subject, version=self._versions[subject].index(schema_id) + 1)

    def allows(self, subject: str, text: str) -> bool:
        if self._levels.get(subject, self._levels[None]) != COMPATIBILITY:
            return True
        try:
            new = Side("new", ParsedSchema(text))
        except InvalidSchema:
            return False
        old_texts = [self._texts[schema_id - 1] for schema_id in self._versions.get(subject, [])]
        return not any(incompatibilities(new, Side("old", ParsedSchema(old))) for old in old_texts)


class FakeContractsLog:
    """Topic contracts; `fails_once` makes the next append fail with nothing written."""

    def __init__(self, published: Sequence[SchemaPublished] = ()) -> None:
        self.records = list(published)
        self.fails_once: Exception | None = None
        self._has_pen = False

    def take_pen(self) -> None:
        self._has_pen = True

    def published(self) -> tuple[SchemaPublished, ...]:
        assert self._has_pen, "another publisher could append after the fold"
        return tuple(self.records)

    def append(self, publications: Sequence[SchemaPublished], known: Contracts) -> None:
        assert all(publication.id in known for publication in publications)
        if failure := self.fails_once:
            self.fails_once = None
            raise failure
        self.records.extend(publications)
