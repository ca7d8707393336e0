import io
import json

import fastavro
import pytest
from fastavro.utils import generate_one

from schemas.compatibility import Incompatibility, Rule, Side, incompatibilities, unreadable
from schemas.meaning import changed_meanings
from schemas.parsed import InvalidSchema, ParsedSchema
from tests.schema_changes import CHANGES, SchemaChange
from tests.schema_texts import array, channel, enum, field, optional, record, text_of


def side(label: str, schema: object) -> Side:
    return Side(label, ParsedSchema(text_of(schema)))


def verdict(change: SchemaChange) -> tuple[int, str, str] | None:
    try:
        new = side("the new schema", change.new)
    except InvalidSchema:
        return (0, "", "invalid")
    for version, earlier in enumerate(change.earlier, start=1):
        for found in incompatibilities(new, side(f"version {version}", earlier)):
            return (version, found.path, found.rule.value)
    return None


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.id)
def test_each_change_gets_its_verdict_with_version_place_and_rule(change: SchemaChange) -> None:
    assert verdict(change) == change.refused


@pytest.mark.parametrize("change", [change for change in CHANGES if not change.refused], ids=lambda change: change.id)
def test_a_change_that_avro_allows_is_refused_only_where_stored_data_would_be_misread(change: SchemaChange) -> None:
    found = [
        misread.path
        for earlier in change.earlier
        for misread in changed_meanings(side("new", change.new), side("old", earlier))
    ]
    assert found == ([change.misread] if change.misread else [])


@pytest.mark.parametrize(
    "change", [change for change in CHANGES if not change.refused and not change.misread], ids=lambda change: change.id
)
def test_our_decoder_reads_old_data_with_the_new_schema_and_new_data_with_the_old(change: SchemaChange) -> None:
    new = fastavro.parse_schema(json.loads(text_of(change.new)))
    for earlier in change.earlier:
        old = fastavro.parse_schema(json.loads(text_of(earlier)))
        for writer, reader in ((old, new), (new, old)):
            body = io.BytesIO()
            fastavro.schemaless_writer(body, writer, generate_one(writer))
            body.seek(0)
            fastavro.schemaless_reader(body, writer, reader)
            assert not body.read()


def test_an_incompatibility_says_who_writes_what_the_other_can_not_read() -> None:
    new = side("the new schema", record(field("channels", array(channel(field("unit", "string"))))))
    old = side("version 3", record(field("channels", array(channel()))))
    assert [str(found) for found in incompatibilities(new, old)] == [
        "channels[].unit: version 3 does not write it, and the new schema has no default for it"
    ]


def test_promotions_go_one_way() -> None:
    narrow, wide = side("old", record(field("value", "int"))), side("new", record(field("value", "double")))
    assert unreadable(reader=wide, writer=narrow) == ()
    assert unreadable(reader=narrow, writer=wide) == (
        Incompatibility("value", Rule.TYPE, "new writes double, old reads int"),
    )


def test_a_field_read_under_two_names_of_the_writer_is_ambiguous() -> None:
    reader = side("new", record(field("unit", "string", aliases=["measure"])))
    writer = side("old", record(field("unit", "string"), field("measure", "string")))
    assert [found.rule for found in unreadable(reader=reader, writer=writer)] == [Rule.ALIAS]


def test_every_broken_rule_is_reported_not_only_the_first() -> None:
    new = side("new", record(field("a", "int"), field("b", "string"), field("severity", enum("HIGH"))))
    old = side("old", record(field("a", "string"), optional("b", "string"), field("severity", enum("LOW"))))
    assert {(found.path, found.rule) for found in incompatibilities(new, old)} == {
        ("a", Rule.TYPE),
        ("b", Rule.TYPE),
        ("severity", Rule.SYMBOLS),
    }
