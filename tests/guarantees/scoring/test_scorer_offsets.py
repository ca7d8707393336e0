"""Offsets that were lost: the scorer stops, and scores nothing twice."""

import random
import signal
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from infra.kafka.scoring.scoring_log import GROUP
from tests.guarantees.log_account import account
from tests.guarantees.plant import Plant, ended
from tests.stacks import wait_until

REFUSED: Final = 4
ANSWER_S: Final = 15.0


def lose_the_groups_offsets(plant: Plant) -> None:
    """Delete the consumer group, once the session of its last member is over."""
    admin = AdminClient({"bootstrap.servers": plant.bootstrap})

    def deleted() -> bool:
        futures = admin.delete_consumer_groups([GROUP], request_timeout=ANSWER_S)
        try:
            futures[GROUP].result(ANSWER_S)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.NON_EMPTY_GROUP:
                raise
            return False
        return True

    wait_until(deleted, deadline_s=60, what="the group has no member any more")


def test_losing_the_groups_offsets_scores_nothing_twice(scored_plant: Plant) -> None:
    plant, rng = scored_plant, random.Random(4)
    plant.flow(200, rng)
    scorer = plant.telltale("scorer")
    plant.must_be_scored_exactly_once()
    before = account(plant.bootstrap)

    refused = plant.stack.run("scorer", "adopt")
    assert (refused.returncode, "Stop every scorer" in refused.stderr) == (REFUSED, True)
    assert ended(scorer, by=signal.SIGTERM) == 0
    lose_the_groups_offsets(plant)
    plant.flow(400, rng)

    stopped = plant.stack.run("scorer")
    assert stopped.returncode == REFUSED
    assert "committed offset is not there" in stopped.stderr
    assert "telltale scorer adopt" in stopped.stderr
    assert account(plant.bootstrap).ledger == before.ledger

    wait_until(lambda: plant.stack.run("scorer", "adopt").returncode == 0, deadline_s=60, what="offsets are adopted")
    scorer = plant.telltale("scorer")
    try:
        plant.must_be_scored_exactly_once()
    finally:
        assert ended(scorer, by=signal.SIGTERM) == 0
    plant.every_score_must_be_that_of_one_uninterrupted_pass()
