"""What every EventLog promises the write side, in memory and on Kafka."""

from collections.abc import Callable, Sequence
from uuid import uuid4

import pytest

from commands.event_log import Beside, EventLog, Following, WriterFenced
from commands.model_lines import ModelLines
from commands.promote_model import PromoteModelHandler
from commands.stamps import CommandStamp
from commands.write_side import SHARED, Request, WriteSide
from domain.command_answers import CommandAnswered
from domain.models import ModelPromoted, ModelRef
from domain.positions import Position
from domain.promotion import ModelEvent, ModelNotTrained, PromoteModel, Untrained, line_of
from domain.rejections import CommandRejected
from domain.topics import MODEL_EVENTS
from infra.kafka.client.clients import producer
from infra.kafka.decisions.event_log import KafkaEventLog
from infra.kafka.meaning.contracts import load_contracts
from infra.kafka.models.model_log import KafkaModelLog
from infra.registry.publish import publish_contracts
from schemas.codec import encode
from schemas.contracts import Contracts
from tests.builders import a_reading
from tests.contract.models.test_model_log import a_model
from tests.fakes.event_log import FakeEventLog, SharedLog
from tests.stacks import StackOfTests

NewLog = Callable[[], EventLog[ModelEvent]]


@pytest.fixture(params=["fake", "kafka"])
def new_log(request: pytest.FixtureRequest) -> NewLog:
    """Return a function that gives another process's view of one log."""
    if request.param == "fake":
        shared = SharedLog()
        return lambda: FakeEventLog(shared)
    stack: StackOfTests = request.getfixturevalue("stack")
    publish_contracts(stack.settings)
    bootstrap = stack.settings.kafka_bootstrap
    contracts = load_contracts(bootstrap)
    return lambda: a_kafka_log(bootstrap, contracts)


def a_kafka_log(bootstrap: str, contracts: Contracts) -> KafkaEventLog[ModelEvent]:
    return KafkaEventLog(bootstrap, contracts, MODEL_EVENTS, writer="telltale-commands", keeps_answers=True)


def lines_in(log: EventLog[ModelEvent]) -> list[str]:
    return [line_of(record.event) for record in log.news() if not isinstance(record.event, CommandAnswered)]


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

    assert lines_in(second).count(name) == 1


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

    log = a_kafka_log(bootstrap, contracts)
    log.open()

    assert name not in lines_in(log)


def test_events_beside_come_first_in_one_transaction_and_the_decision_names_where_they_stand(new_log: NewLog) -> None:
    log, name, stamp = new_log(), f"line-{uuid4().hex[:8]}", a_stamp()
    log.open()
    list(log.news())
    where: list[Position] = []
    beside = [
        Beside(key="hall-a", event=a_reading(machine_id=name, profile="beside@1"), headers={"why": "a test"})
        for _ in range(2)
    ]

    def decided(positions: Sequence[Position]) -> list[ModelEvent]:
        where.extend(positions)
        return [a_promotion(name)]

    log.append(name, Following(beside=beside, events=decided), stamp=stamp)

    assert [record.stamp for record in log.news()] == [stamp]
    assert len({(position.topic, position.partition) for position in where}) == 1
    assert where[0] < where[1]


def test_answers_without_events_are_read_by_every_later_process(new_log: NewLog) -> None:
    line, stamp = f"line-{uuid4().hex[:8]}", a_stamp()
    command = PromoteModel(name=line, version=1, because="test", actor="ada")
    rules = []
    for _ in range(2):
        lines = ModelLines()
        handler = PromoteModelHandler(WriteSide(new_log(), [lines]), lines)
        with pytest.raises(CommandRejected) as refused:
            handler.handle(command, stamp)
        rules.append((refused.value.rule, str(refused.value)))

    assert rules[0] == rules[1]
    assert rules[0][0] == ModelNotTrained.__name__


def test_writers_that_share_a_name_take_it_back_and_decide_again(new_log: NewLog) -> None:
    line = f"line-{uuid4().hex[:8]}"
    sides = []
    for _ in range(2):
        lines = ModelLines()
        sides.append((WriteSide(new_log(), [lines], takeovers=SHARED), lines))
        sides[-1][0].open()

    def the_second_version(state: object) -> list[ModelEvent]:
        return [a_promotion(line, 1 if isinstance(state, Untrained) else 2)]

    for side, lines in sides:
        side.perform(
            Request(stamp=a_stamp(), command="Test", actor="ada", fold=lines, key=line, decide=the_second_version)
        )

    reader = new_log()
    versions = [
        record.event.model.version
        for record in reader.news()
        if isinstance(record.event, ModelPromoted) and record.event.model.name == line
    ]
    assert versions == [1, 2]


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
        write_side = WriteSide(a_kafka_log(bootstrap, contracts), [lines])
        write_side.open()
        answers += [PromoteModelHandler(write_side, lines).handle(command, stamp) for _ in range(2)]

    assert {answer.records for answer in answers} == {answers[0].records}
    assert [answer.repeated for answer in answers] == [False, True, True, True]
    promotions = [record for record in a_kafka_log(bootstrap, contracts).news() if record.stamp == stamp]
    assert len(promotions) == 1
