import io
import json
from typing import Any

import fastavro
import pytest

from domain.contracts import SchemaPublished
from schemas.catalogue import catalogue, schema_of, text_sha256
from schemas.codec import EVENT_TYPES, decode
from schemas.contracts import Contracts
from schemas.wire import header_of
from tests.golden import GoldenRecord, all_versions, golden_records, jsonable, without_logical_types

GOLDEN = golden_records()
ID = 7


def read(record: GoldenRecord, reader: str) -> Any:
    body = io.BytesIO(record.body)
    fields = fastavro.schemaless_reader(body, without_logical_types(record.version.text), without_logical_types(reader))
    assert not body.read()
    return jsonable(fields)


def test_every_version_ever_published_has_golden_bytes() -> None:
    """Missing ones are written by `python -m tests.golden`."""
    kept = {record.id for record in GOLDEN}
    assert [version for version in all_versions() if f"{version.event}-{version.version}" not in kept] == []


@pytest.mark.parametrize("record", GOLDEN, ids=lambda record: record.id)
def test_golden_bytes_still_say_what_was_written(record: GoldenRecord) -> None:
    assert read(record, record.version.text) == record.fields


@pytest.mark.parametrize("record", GOLDEN, ids=lambda record: record.id)
def test_todays_schema_reads_the_bytes_of_every_version(record: GoldenRecord) -> None:
    fields = read(record, schema_of(record.version.event).text)
    kept = fields.keys() & record.fields.keys()
    assert {name: fields[name] for name in kept} == {name: record.fields[name] for name in kept}


@pytest.mark.parametrize("record", GOLDEN, ids=lambda record: record.id)
def test_todays_code_makes_an_event_of_the_bytes_of_every_version(record: GoldenRecord) -> None:
    text = record.version.text
    known = Contracts([SchemaPublished(id=ID, subject="", version=1, text=text, sha256=text_sha256(text))])
    event = decode(header_of(ID) + record.body, known)
    assert type(event) is EVENT_TYPES[record.version.event]


def test_every_event_of_the_domain_has_a_schema_with_its_fields() -> None:
    assert set(EVENT_TYPES) == set(catalogue())
    for name, event in EVENT_TYPES.items():
        fields = [field["name"] for field in json.loads(schema_of(name).text)["fields"]]
        assert sorted(event.__dataclass_fields__) == sorted(fields), name
