"""What ids of the wire format mean, as published in topic `contracts`.

Readers and producers both work from this; neither asks the registry.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import fastavro

from domain.contracts import SchemaPublished
from schemas.catalogue import event_of, schema_of
from schemas.parsed import InvalidSchema, machine_form


class UnknownSchemaId(LookupError):
    """No published contract has this id yet: the reader waits, the record is not bad."""

    def __init__(self, schema_id: int) -> None:
        super().__init__(f"schema id {schema_id} is not in topic contracts: telltale contracts publish")
        self.schema_id = schema_id


class ContractNotPublished(LookupError):
    """Today's schema of an event has no id yet, so nobody can write the event."""

    def __init__(self, event: str) -> None:
        super().__init__(f"today's schema of {event} is not in topic contracts: telltale contracts publish")
        self.event = event


class ContractsContradict(ValueError):
    """Two publications give one id to different schemas: no record with that id can be read safely."""

    def __init__(self, before: SchemaPublished, after: SchemaPublished) -> None:
        super().__init__(
            f"id {after.id} means {before.subject} version {before.version} and {after.subject} version "
            f"{after.version} in topic contracts: the log was written beside two different registries"
        )
        self.schema_id = after.id


class Contracts:
    """The published schemas by id; grows, never changes."""

    def __init__(self, published: Iterable[SchemaPublished] = ()) -> None:
        self._published: dict[int, SchemaPublished] = {}
        # One id for each content: an event that two topics carry is two subjects under one id.
        self._subjects: dict[tuple[str, int], SchemaPublished] = {}
        self._parsed: dict[int, Any] = {}
        self._ids: dict[tuple[str, str], int] = {}
        for contract in published:
            self.add(contract)

    def add(self, contract: SchemaPublished) -> None:
        """Take in one more publication; the same one again changes nothing.

        Raises:
            InvalidSchema: its text is no schema of a record, or its id can't be one.
            ContractsContradict: its id means another schema already.
        """
        form = machine_form(contract.text)
        schema = json.loads(form)
        if contract.id < 1 or not isinstance(schema, dict) or schema["type"] != "record":
            raise InvalidSchema(f"{contract.subject!r}, id {contract.id}: no record's schema under an id from 1 on")
        before = self._published.setdefault(contract.id, contract)
        if before is not contract and machine_form(before.text) != form:
            raise ContractsContradict(before, contract)
        self._subjects[contract.subject, contract.version] = contract
        # Today's producers go on with the id that a schema got first.
        self._ids.setdefault((event_of(schema["name"]), form), contract.id)

    def __iter__(self) -> Iterator[SchemaPublished]:
        return iter(self._subjects.values())

    def __contains__(self, schema_id: object) -> bool:
        return schema_id in self._published

    def published(self, schema_id: int) -> SchemaPublished:
        """Return the publication of an id.

        Raises:
            UnknownSchemaId: it is not published.
        """
        try:
            return self._published[schema_id]
        except KeyError:
            raise UnknownSchemaId(schema_id) from None

    def writer_schema(self, schema_id: int) -> Any:
        """Return the parsed schema of an id, as fastavro takes it.

        Raises:
            UnknownSchemaId: it is not published.
        """
        if schema_id not in self._parsed:
            self._parsed[schema_id] = fastavro.parse_schema(json.loads(self.published(schema_id).text))
        return self._parsed[schema_id]

    def event(self, schema_id: int) -> str:
        """Return the event that an id is a schema of.

        Raises:
            UnknownSchemaId: it is not published.
        """
        return event_of(self.writer_schema(schema_id)["name"])

    def id_of(self, event: str) -> int:
        """Return the id with which today's producers write an event.

        Raises:
            ContractNotPublished: today's schema is not published.
        """
        try:
            return self._ids[event, machine_form(schema_of(event).text)]
        except KeyError:
            raise ContractNotPublished(event) from None
