"""Topic contracts on the real log: written by one publisher at a time, read by everybody."""

import dataclasses
from collections.abc import Callable
from uuid import uuid4

import pytest

from domain.contracts import SchemaPublished
from infra.kafka.meaning.contracts import ContractsFollower, ContractsNotAppended, KafkaContractsLog, load_contracts
from infra.registry.client import RegistryClient
from infra.registry.compare import compare
from infra.registry.publish import RegistryDisagrees, publish, publish_contracts
from infra.settings import Settings
from schemas.catalogue import schema_of, subjects, text_sha256
from tests.fakes.registry import FakeContractsLog
from tests.schema_texts import ID, record, text_of

MakePublication = Callable[[], SchemaPublished]


@pytest.fixture
def new_publication(real_registry: RegistryClient) -> MakePublication:
    """Return a maker of publications of schemas that are registered, so that the log stays true."""

    def make() -> SchemaPublished:
        name = f"Measured{uuid4().hex}"
        subject, text = f"tests-telltale.{name}", text_of(record(ID, name=name))
        kept = real_registry.register(subject, text)
        return SchemaPublished(id=kept.id, subject=subject, version=kept.version, text=text, sha256=text_sha256(text))

    return make


def test_after_publishing_every_event_of_today_has_an_id_in_the_log(stack_settings: Settings) -> None:
    publish_contracts(stack_settings)
    known = load_contracts(stack_settings.kafka_bootstrap)
    events = {schema.event for schema in subjects().values()}
    assert len({known.id_of(event) for event in events}) == len(events)
    assert {contract.subject for contract in known} == subjects().keys()


def test_publishing_again_leaves_the_topic_as_it_is(stack_settings: Settings) -> None:
    publish_contracts(stack_settings)
    before = ContractsFollower(stack_settings.kafka_bootstrap).refresh()
    report = publish_contracts(stack_settings)
    assert report.appended == 0
    assert ContractsFollower(stack_settings.kafka_bootstrap).refresh() == before


def test_a_follower_takes_in_only_what_came_since(stack_settings: Settings, new_publication: MakePublication) -> None:
    publish_contracts(stack_settings)
    follower = ContractsFollower(stack_settings.kafka_bootstrap)
    follower.refresh()
    added, log = new_publication(), KafkaContractsLog(stack_settings.kafka_bootstrap)
    log.take_pen()
    assert added.id not in follower.contracts
    log.append([added], follower.contracts)
    assert follower.refresh() == (added,)
    assert follower.contracts.published(added.id) == added
    assert follower.refresh() == ()


def test_a_second_publisher_shuts_the_first_one_out(stack_settings: Settings, new_publication: MakePublication) -> None:
    publish_contracts(stack_settings)
    known = load_contracts(stack_settings.kafka_bootstrap)
    first, second = (KafkaContractsLog(stack_settings.kafka_bootstrap) for _ in range(2))
    first.take_pen()
    second.take_pen()
    lost, kept = new_publication(), new_publication()
    with pytest.raises(ContractsNotAppended):
        first.append([lost], known)
    second.append([kept], known)
    after = load_contracts(stack_settings.kafka_bootstrap)
    assert kept.id in after
    assert lost.id not in after


def test_the_registry_gives_back_what_the_files_say(real_registry: RegistryClient, stack_settings: Settings) -> None:
    publish_contracts(stack_settings)
    known = load_contracts(stack_settings.kafka_bootstrap)
    for subject, schema in subjects().items():
        kept = real_registry.register(subject, schema.text)
        assert kept.id == known.id_of(schema.event)
        assert known.published(kept.id).text == schema_of(schema.event).text


def test_a_registry_where_an_id_means_something_else_is_refused(
    real_registry: RegistryClient, new_publication: MakePublication
) -> None:
    """What a registry says that was filled in another order than the log."""
    here, there = new_publication(), new_publication()
    log = FakeContractsLog([dataclasses.replace(here, id=there.id)])
    with pytest.raises(RegistryDisagrees, match=f"id {there.id} is {here.subject}"):
        publish(real_registry, log)
    assert [difference.contract.id for difference in compare(real_registry, log.records)] == [there.id]
    assert len(log.records) == 1


def test_the_real_registry_and_topic_contracts_agree(real_registry: RegistryClient, stack_settings: Settings) -> None:
    publish_contracts(stack_settings)
    assert compare(real_registry, tuple(load_contracts(stack_settings.kafka_bootstrap))) == ()
