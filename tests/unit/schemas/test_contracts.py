import json

import pytest

from domain.contracts import SchemaPublished
from schemas.catalogue import schema_of, text_sha256
from schemas.contracts import ContractNotPublished, Contracts, ContractsContradict
from schemas.parsed import InvalidSchema, machine_form


def published(schema_id: int, text: str) -> SchemaPublished:
    return SchemaPublished(id=schema_id, subject="skips-telltale.X", version=1, text=text, sha256=text_sha256(text))


def in_other_words(text: str) -> str:
    definition = json.loads(text)
    definition["doc"] = "Other words."
    definition["fields"][0]["doc"] = "Other words."
    return json.dumps(definition)


def test_other_words_of_documentation_do_not_make_another_schema() -> None:
    text = schema_of("ModelPromoted").text
    assert machine_form(in_other_words(text)) == machine_form(text)


def test_a_type_called_by_its_short_name_is_the_same_schema() -> None:
    """The registry gives schemas back with short names where the file has full ones."""
    text = schema_of("ScoringModelChanged").text
    assert '"telltale.ModelRef"' in text
    assert machine_form(text.replace('"telltale.ModelRef"', '"ModelRef"')) == machine_form(text)


def test_a_default_named_doc_stays() -> None:
    schema = (
        '{"type":"record","name":"X","fields":[{"name":"m","type":{"type":"map","values":"int"},"default":{"doc":1}}]}'
    )
    assert '"doc":1' in machine_form(schema)


def test_producers_write_with_the_id_of_the_schema_whose_words_alone_have_changed() -> None:
    known = Contracts([published(7, in_other_words(schema_of("RecordSkipped").text))])
    assert known.id_of("RecordSkipped") == 7


def test_producers_of_a_schema_not_published_are_told_to_publish() -> None:
    with pytest.raises(ContractNotPublished, match="contracts publish"):
        Contracts().id_of("RecordSkipped")


def test_one_id_can_not_mean_two_schemas() -> None:
    known = Contracts([published(7, schema_of("RecordSkipped").text)])
    known.add(published(7, in_other_words(schema_of("RecordSkipped").text)))
    with pytest.raises(ContractsContradict, match="id 7"):
        known.add(published(7, schema_of("ModelPromoted").text))


@pytest.mark.parametrize(
    ("schema_id", "text"),
    [(7, '"string"'), (7, "no JSON"), (7, "[" * 100_000), (0, schema_of("RecordSkipped").text), (7, '["null"]')],
)
def test_a_publication_of_no_record_is_refused_and_changes_nothing(schema_id: int, text: str) -> None:
    known = Contracts()
    with pytest.raises(InvalidSchema):
        known.add(published(schema_id, text))
    assert schema_id not in known
    assert list(known) == []


def test_producers_go_on_with_the_id_that_a_schema_got_first() -> None:
    known = Contracts([published(number, schema_of("RecordSkipped").text) for number in (7, 900)])
    assert known.id_of("RecordSkipped") == 7
    assert known.event(900) == "RecordSkipped"
