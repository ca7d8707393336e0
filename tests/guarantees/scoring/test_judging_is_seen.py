"""Whether every arriving reading is being judged shows at once, whatever has become of the scorer."""

import random
import signal
from contextlib import closing

from confluent_kafka import Producer

from domain.judging import JudgingState
from domain.topics import ANOMALY_EVENTS, SENSOR_EVENTS
from infra.kafka.client.clients import producer
from infra.kafka.scoring.judging_look import JudgingLook
from tests.guarantees.plant import Plant, ended
from tests.stacks import wait_until


def test_a_halted_a_dead_and_a_living_scorer_are_told_apart_by_log_and_ledger_alone(scored_plant: Plant) -> None:
    plant, rng = scored_plant, random.Random(41)
    with closing(JudgingLook(plant.bootstrap)) as look:

        def comes_to(state: JudgingState) -> None:
            wait_until(lambda: look.look().state is state, deadline_s=90, what=f"the answer is {state}")

        scorer = plant.telltale("scorer")
        plant.flow(200, rng)
        wait_until(lambda: look.look().unjudged == 0, deadline_s=90, what="everything is judged")
        assert look.look().state is JudgingState.JUDGED

        scorer.send_signal(signal.SIGSTOP)
        plant.flow(200, rng)
        comes_to(JudgingState.NOT_JUDGED)
        found = look.look()
        assert found.unjudged >= 200
        assert found.cause is not None
        assert found.cause.startswith(f"readings from {SENSOR_EVENTS}/")

        scorer.send_signal(signal.SIGCONT)
        wait_until(lambda: look.look().unjudged == 0, deadline_s=90, what="a scorer that goes on judges the rest")
        ended(scorer, by=signal.SIGKILL)
        plant.flow(200, rng)
        comes_to(JudgingState.NOT_JUDGED)
        with closing(JudgingLook(plant.bootstrap)) as another:
            assert another.look().state is JudgingState.NOT_JUDGED

        scorer = plant.telltale("scorer")
        comes_to(JudgingState.JUDGED)
        assert look.look().cause is None
        ended(scorer, by=signal.SIGTERM)


def test_junk_among_the_ledgers_and_what_nobody_committed_are_no_ledgers(scored_plant: Plant) -> None:
    plant = scored_plant
    scorer = plant.telltale("scorer")
    with closing(JudgingLook(plant.bootstrap)) as look:
        wait_until(lambda: look.look().state is JudgingState.JUDGED, deadline_s=90, what="everything is judged")
        ended(scorer, by=signal.SIGTERM)
        before = look.look()
        client = producer(plant.bootstrap)
        for partition in range(8):
            for value in (b"junk", b"\0\0\0\0\0{}", b"\0\0\0\xff\xff{}", None):
                client.produce(ANOMALY_EVENTS, value, b"junk", partition)
        assert client.flush(30) == 0
        assert look.look().partitions == before.partitions


def test_an_open_transaction_in_the_way_of_readings_is_named_as_the_cause(scored_plant: Plant) -> None:
    plant = scored_plant
    scorer = plant.telltale("scorer")
    hanging = Producer(
        {
            "bootstrap.servers": plant.bootstrap,
            "transactional.id": "a neighbour that hangs",
            "transaction.timeout.ms": 60_000,
        }
    )
    with closing(JudgingLook(plant.bootstrap)) as look:
        wait_until(lambda: look.look().state is JudgingState.JUDGED, deadline_s=90, what="everything is judged")
        hanging.init_transactions(30)
        hanging.begin_transaction()
        hanging.produce(SENSOR_EVENTS, b"never finished", b"pump-00")
        assert hanging.flush(30) == 0
        wait_until(lambda: look.look().state is JudgingState.NOT_JUDGED, deadline_s=90, what="it is seen")
        cause = look.look().cause
        hanging.abort_transaction(30)
        assert cause is not None
        assert cause.startswith(f"an open transaction has held {SENSOR_EVENTS}/")
        wait_until(lambda: look.look().state is JudgingState.JUDGED, deadline_s=90, what="nothing is in the way")
    ended(scorer, by=signal.SIGTERM)
