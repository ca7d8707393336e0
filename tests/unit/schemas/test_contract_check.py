import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from schemas.catalogue import EventSchema, catalogue, full_name, one_line
from schemas.contract_check import Violation, check, check_all
from schemas.history import BrokenHistory, EarlierVersion, SchemaHistory, freeze


def event_schema(
    *fields: Mapping[str, Any], event: str = "ModelPromoted", doc: str = "A thing happened."
) -> EventSchema:
    definition = {"type": "record", "name": event, "namespace": "telltale", "doc": doc, "fields": list(fields)}
    return EventSchema(event, one_line(json.dumps(definition)))


def documented(name: str, kind: object = "string", **attributes: object) -> dict[str, Any]:
    return {"name": name, "type": kind, "doc": f"The {name}.", **attributes}


def versions(*schemas: EventSchema) -> list[EarlierVersion]:
    return [EarlierVersion(schema.event, number, schema.text) for number, schema in enumerate(schemas, start=1)]


def test_todays_schemas_stand_beside_everything_ever_published() -> None:
    assert [str(violation) for checked in check_all() for violation in checked.violations] == []


def test_a_schema_that_suits_its_predecessor_is_refused_for_an_older_version() -> None:
    first = event_schema(documented("actor"))
    second = event_schema(documented("actor"), documented("because", default=""))
    found = check(event_schema(documented("actor"), documented("because")), versions(first, second))
    assert found == (
        Violation(
            "ModelPromoted",
            1,
            "because",
            "default",
            "version 1 does not write it, and the new schema has no default for it",
        ),
    )
    assert str(found[0]).startswith("telltale.ModelPromoted against version 1, because: ")


def test_a_field_without_words_is_refused() -> None:
    schema = event_schema({"name": "model", "type": {"type": "array", "items": "string"}})
    assert [(violation.path, violation.rule) for violation in check(schema, [])] == [("model", "doc")]


def test_a_text_that_is_no_avro_schema_is_refused() -> None:
    assert [found.rule for found in check(event_schema(documented("model", "Unheard")), [])] == ["invalid"]


def test_a_file_must_define_the_event_it_is_named_for() -> None:
    schema = EventSchema("ModelPromoted", event_schema(event="ModelPraised").text)
    assert [found.rule for found in check(schema, [])] == ["name"]


def test_a_time_in_another_unit_is_refused_though_avro_would_allow_it() -> None:
    old = event_schema(documented("at", {"type": "long", "logicalType": "timestamp-millis"}))
    new = event_schema(documented("at", {"type": "long", "logicalType": "timestamp-micros"}))
    assert [(found.version, found.path, found.rule) for found in check(new, versions(old))] == [(1, "at", "meaning")]


def test_the_schema_of_topic_contracts_may_change_its_words_and_nothing_else() -> None:
    old = event_schema(documented("id", "int"), event="SchemaPublished")
    new_words = event_schema(documented("id", "int"), event="SchemaPublished", doc="Better words.")
    new_field = event_schema(documented("id", "int"), documented("by", default=""), event="SchemaPublished")
    assert check(new_words, versions(old)) == ()
    assert [found.rule for found in check(new_field, versions(old))] == ["unchangeable"]


def test_an_event_once_published_can_not_go_away(tmp_path: Path) -> None:
    freeze(event_schema(documented("who"), event="ModelForgotten"), tmp_path)
    checked = {event.event: event for event in check_all(catalogue(), SchemaHistory(tmp_path))}
    assert [found.rule for found in checked["ModelForgotten"].violations] == ["missing"]


def test_an_event_that_no_topic_carries_is_refused(tmp_path: Path) -> None:
    schema = event_schema(documented("who"), event="ModelForgotten")
    checked = {event.event: event for event in check_all({"ModelForgotten": schema}, SchemaHistory(tmp_path))}
    assert [found.rule for found in checked["ModelForgotten"].violations] == ["topic"]


def test_freezing_keeps_each_different_schema_once_and_other_words_are_no_difference(tmp_path: Path) -> None:
    first, second = event_schema(documented("actor")), event_schema(documented("actor"), documented("by", default=""))
    assert freeze(first, tmp_path)
    assert freeze(event_schema(documented("actor"), doc="Other words."), tmp_path) is None
    added = [freeze(schema, tmp_path) for schema in (first, first, second, second)]
    assert [version.version if version else None for version in added] == [None, None, 2, None]
    assert SchemaHistory(tmp_path).versions("ModelPromoted") == tuple(versions(first, second))


def test_a_missing_version_is_reported_not_passed_over(tmp_path: Path) -> None:
    for schema in (event_schema(documented("actor")), event_schema(documented("actor"), documented("by", default=""))):
        freeze(schema, tmp_path)
    (tmp_path / full_name("ModelPromoted") / "1.avsc").unlink()
    with pytest.raises(BrokenHistory, match=r"versions \[2\]"):
        SchemaHistory(tmp_path).versions("ModelPromoted")


def test_every_schema_of_today_is_kept_as_the_newest_version() -> None:
    """A schema that is published without being kept would be unknown to the next check: telltale contracts freeze."""
    assert [checked.event for checked in check_all() if checked.changed] == []
