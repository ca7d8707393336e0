"""What every EventLog promises the command service, in memory and on Kafka."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from commands.desk import CommandDesk
from commands.event_log import CommandStamp, EventLog, WriterFenced
from commands.model_lines import ModelLines
from commands.promote_model import PromoteModelHandler
from domain.models import ModelPromoted, ModelRef
from domain.promotion import PromoteModel, line_of
from domain.topics import MODEL_EVENTS
from infra.kafka.client.clients import producer
from infra.kafka.decisions.command_log import KafkaEventLog
from infra.kafka.meaning.contracts import load_contracts
from infra.kafka.models.model_log import KafkaModelLog
from infra.registry.publish import publish_contracts
from schemas.codec import encode
from tests.contract.models.test_model_log import a_model
from tests.fakes.models import FakeEventLog, SharedModelEvents
from tests.stacks import StackOfTests

NewLog = Callable[[], EventLog]


@pytest.fixture(params=["fake", "kafka"])
def new_log(request: pytest.FixtureRequest) -> NewLog:
    """Return a function that gives another process's view of one log."""
    if request.param == "fake":
        shared = SharedModelEvents()
        return lambda: FakeEventLog(shared)
    stack: StackOfTests = request.getfixturevalue("stack")
    publish_contracts(stack.settings)
    bootstrap = stack.settings.kafka_bootstrap
    contracts = load_contracts(bootstrap)
    return lambda: KafkaEventLog(bootstrap, contracts)


def a_promotion(name: str, version: int = 1) -> ModelPromoted:
    model = ModelRef(profile=f"{name}@1", name=name, version=version, artifact_sha256=f"{version:064x}")
    return ModelPromoted(model=model, replaces=None, because="test", actor="ada", forced=False)


def a_stamp() -> CommandStamp:
    return CommandStamp(command_id=str(uuid4()), body_sha256="ab")


def test_appended_events_are_news_once_with_the_commands_stamp(new_log: NewLog) -> None:
    log, name, stamp = new_log(), uuid4().hex, a_stamp()
    log.open()
    list(log.news())

    log.append(name, [a_promotion(name, 1), a_promotion(name, 2)], stamp=stamp)

    news = list(log.news())
    assert [record.event for record in news] == [a_promotion(name, 1), a_promotion(name, 2)]
    assert [record.stamp for record in news] == [stamp, stamp]
    assert news[0].position < news[1].position
    assert list(log.news()) == []


def test_another_process_sees_everything_from_the_beginning(new_log: NewLog) -> None:
    log, name = new_log(), uuid4().hex
    log.open()
    log.append(name, [a_promotion(name)], stamp=a_stamp())

    assert a_promotion(name) in [record.event for record in new_log().news()]


def test_the_writer_that_opened_last_shuts_the_others_out(new_log: NewLog) -> None:
    first, second, name = new_log(), new_log(), uuid4().hex
    first.open()
    second.open()

    with pytest.raises(WriterFenced):
        first.append(name, [a_promotion(name)], stamp=a_stamp())
    second.append(name, [a_promotion(name, 2)], stamp=a_stamp())

    assert [record.event for record in second.news() if line_of(record.event) == name] == [a_promotion(name, 2)]


def test_a_command_service_waits_for_a_dead_ones_open_transaction(stack: StackOfTests) -> None:
    publish_contracts(stack.settings)
    bootstrap = stack.settings.kafka_bootstrap
    contracts = load_contracts(bootstrap)
    name = uuid4().hex
    dead = producer(bootstrap, transactional_id="telltale-commands")
    dead.init_transactions(10)
    dead.begin_transaction()
    dead.produce(MODEL_EVENTS, key=name.encode(), value=encode(a_promotion(name), contracts))
    dead.flush(10)

    log = KafkaEventLog(bootstrap, contracts)
    log.open()

    assert name not in [line_of(record.event) for record in log.news()]


def test_a_trained_model_is_promoted_once_however_often_it_is_asked(stack: StackOfTests) -> None:
    publish_contracts(stack.settings)
    bootstrap = stack.settings.kafka_bootstrap
    contracts = load_contracts(bootstrap)
    name, stamp = f"line-{uuid4().hex[:8]}", a_stamp()
    KafkaModelLog(bootstrap, contracts).append(a_model(name))
    command = PromoteModel(name=name, version=1, because="test", actor="ada")
    answers = []
    for _ in range(2):
        lines = ModelLines()
        desk = CommandDesk(KafkaEventLog(bootstrap, contracts), [lines])
        desk.open()
        answers += [PromoteModelHandler(desk, lines).handle(command, stamp) for _ in range(2)]

    assert {answer.records for answer in answers} == {answers[0].records}
    assert [answer.repeated for answer in answers] == [False, True, True, True]
    promotions = [record for record in KafkaEventLog(bootstrap, contracts).news() if record.stamp == stamp]
    assert len(promotions) == 1
