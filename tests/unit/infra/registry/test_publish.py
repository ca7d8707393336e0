import json

import pytest

from domain.contracts import SchemaPublished
from infra.kafka.meaning.contracts import ContractsNotAppended
from infra.registry.client import COMPATIBILITY, SchemaRefused
from infra.registry.publish import Outcome, RegistryDisagrees, SchemasIncompatible, publish
from schemas.catalogue import catalogue, schema_of, subjects, text_sha256
from tests.fakes.registry import FakeContractsLog, FakeRegistry

SKIPPED = "skips-telltale.RecordSkipped"


def published(schema_id: int, subject: str, text: str, version: int = 1) -> SchemaPublished:
    return SchemaPublished(id=schema_id, subject=subject, version=version, text=text, sha256=text_sha256(text))


def with_field(text: str, **attributes: object) -> str:
    definition = json.loads(text)
    definition["fields"].append({"name": "extra", "type": "string", "doc": "More.", **attributes})
    return json.dumps(definition)


def test_the_first_publication_registers_and_appends_every_subject_of_every_topic() -> None:
    registry, log = FakeRegistry(), FakeContractsLog()
    report = publish(registry, log)
    assert [contract.subject for contract in log.records] == list(subjects())
    assert report.appended == len(log.records)
    assert all(contract.sha256 == text_sha256(contract.text) for contract in log.records)


def test_publishing_again_appends_nothing() -> None:
    registry, log = FakeRegistry(), FakeContractsLog()
    publish(registry, log)
    before = list(log.records)
    report = publish(registry, log)
    assert log.records == before
    assert {schema.outcome for schema in report.schemas} == {Outcome.ALREADY}


def test_compatibility_is_demanded_globally_and_of_each_subject_even_of_one_that_was_weakened() -> None:
    registry, log = FakeRegistry(), FakeContractsLog()
    publish(registry, log)
    registry.weaken_compatibility(SKIPPED)
    publish(registry, log)
    assert {registry.compatibility(subject) for subject in (None, *subjects())} == {COMPATIBILITY}


def test_a_crash_between_registry_and_log_is_finished_by_the_next_run_with_the_same_ids() -> None:
    registry, log = FakeRegistry(), FakeContractsLog()
    log.fails_once = ContractsNotAppended("the broker went away")
    with pytest.raises(ContractsNotAppended):
        publish(registry, log)
    assert log.records == []
    publish(registry, log)
    assert [contract.subject for contract in log.records] == list(subjects())
    assert sorted({contract.id for contract in log.records}) == list(range(1, len(catalogue()) + 1))


def test_an_emptied_registry_gets_its_schemas_back_under_the_ids_of_the_log() -> None:
    log = FakeContractsLog()
    publish(FakeRegistry(), log)
    before, emptied = list(log.records), FakeRegistry()
    report = publish(emptied, log)
    assert report.restored == len(before)
    assert log.records == before
    assert all(emptied.register(contract.subject, contract.text).id == contract.id for contract in before)


def test_a_registry_filled_in_another_order_is_refused_before_anything_is_registered() -> None:
    log, other_order = FakeContractsLog(), FakeRegistry()
    publish(FakeRegistry(), log)
    other_order.register(SKIPPED, schema_of("RecordSkipped").text)
    before = list(log.records)
    with pytest.raises(RegistryDisagrees, match=r"id 1 is contracts-telltale\.SchemaPublished .* another order"):
        publish(other_order, log)
    assert log.records == before
    assert other_order.subjects() == (SKIPPED,)


def test_an_emptied_registry_that_counts_on_from_another_id_is_refused() -> None:
    first = published(7, SKIPPED, schema_of("RecordSkipped").text)
    with pytest.raises(RegistryDisagrees, match="it got id 1"):
        publish(FakeRegistry(), FakeContractsLog([first]))


def test_a_version_that_only_the_log_knows_is_checked_too() -> None:
    registry = FakeRegistry()
    newer = with_field(schema_of("RecordSkipped").text)
    log = FakeContractsLog([published(registry.register(SKIPPED, newer).id, SKIPPED, newer)])
    with pytest.raises(SchemasIncompatible, match=r"RecordSkipped against version 1, extra: .* no default"):
        publish(registry, log)
    assert len(log.records) == 1


def test_code_older_than_the_log_finds_its_own_schemas_published() -> None:
    registry, log = FakeRegistry(), FakeContractsLog()
    publish(registry, log)
    newer = with_field(schema_of("RecordSkipped").text, default="")
    kept = registry.register(SKIPPED, newer)
    log.records.append(published(kept.id, SKIPPED, newer, kept.version))
    assert publish(registry, log).appended == 0


def test_what_the_registry_refuses_is_not_appended() -> None:
    registry, log = FakeRegistry(), FakeContractsLog()
    registry.demand_compatibility()
    registry.register(SKIPPED, with_field(schema_of("RecordSkipped").text))
    with pytest.raises(SchemaRefused, match=SKIPPED):
        publish(registry, log)
    assert log.records == []
