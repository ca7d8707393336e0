"""Waiting for a model ends when every partition asked for is judged by it, and not before."""

from uuid import uuid4

import pytest

from domain.models import ModelRef
from domain.scoring import ScoringModelChanged
from domain.topics import DATA_PARTITIONS, SENSOR_EVENTS
from infra.kafka.client.appending import Outgoing, TransactionalAppender
from infra.kafka.client.partitioning import partition_of
from infra.kafka.scoring.model_in_use import KafkaInForce
from infra.settings import Settings
from infra.sources.train_first import NotInForce
from infra.wiring.container import Container
from tests.contract.intake.test_reading_ports import intake_of


def a_model() -> ModelRef:
    return ModelRef(profile="pump@1", name=f"pump-{uuid4().hex[:8]}", version=1, artifact_sha256="ab" * 32)


def say(intake: Container, model: ModelRef, *partitions: int) -> None:
    """Append what the scorer says of each partition, into the same partition."""
    appender = TransactionalAppender(
        intake.bootstrap(), transactional_id=f"test-{uuid4().hex}", contracts=intake.contracts()
    )
    appender.open()
    keys = {partition_of(str(number), DATA_PARTITIONS): str(number) for number in range(200)}
    appender.append([Outgoing(key=keys[partition], event=a_change(model, partition)) for partition in partitions])


def a_change(model: ModelRef, partition: int) -> ScoringModelChanged:
    return ScoringModelChanged(
        source_topic=SENSOR_EVENTS,
        source_topic_id="id",
        source_partition=partition,
        from_offset=0,
        model=model,
        previous=None,
        model_events_offset=0,
        threshold=0.5,
        parameters_sha256="",
        code_version="1",
        runtime="test",
        state="fresh",
    )


@pytest.fixture
def intake(stack_settings: Settings) -> Container:
    return intake_of(stack_settings)


def test_it_returns_when_every_partition_is_judged_by_the_model(intake: Container) -> None:
    model = a_model()
    wait = KafkaInForce(intake.bootstrap(), intake.contracts(), patience_s=20).watch(frozenset({2, 5}))

    say(intake, a_model(), 2, 5)
    say(intake, model, 2, 5)

    wait(model)


def test_it_gives_up_naming_the_partitions_that_are_not(intake: Container) -> None:
    model = a_model()
    say(intake, model, 5)
    wait = KafkaInForce(intake.bootstrap(), intake.contracts(), patience_s=2).watch(frozenset({2, 5}))

    say(intake, model, 2)

    with pytest.raises(NotInForce, match=r"partitions \[5\]"):  # what was said before nobody asked does not count
        wait(model)
