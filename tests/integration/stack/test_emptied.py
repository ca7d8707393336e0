"""An emptied stack is as new: what one module of tests wrote, no other finds."""

import psycopg
from confluent_kafka.admin import AdminClient

from domain.topics import CONTRACTS, TOPICS
from infra.kafka.client.clients import partitions_of
from infra.kafka.client.ends import LogEnds
from infra.kafka.meaning.contracts import load_contracts
from tests.emptied import empty, our_groups
from tests.guarantees.rebuild_plant import RebuildPlant
from tests.stacks import StackOfTests, must


def test_after_emptying_only_the_contracts_are_left(empty_stack: StackOfTests) -> None:
    plant, bootstrap = RebuildPlant(empty_stack), empty_stack.settings.kafka_bootstrap
    plant.prepare()
    plant.send(160)
    must(plant.run("projections", "new", "daily"))
    assert sum(ends_of_data(bootstrap).values()) > 160
    contracts = load_contracts(bootstrap)

    empty(empty_stack)

    assert set(ends_of_data(bootstrap).values()) == {0}
    assert [*load_contracts(bootstrap)] == [*contracts]
    assert our_groups(AdminClient({"bootstrap.servers": bootstrap})) == []
    assert not (empty_stack.home / "projections").exists()
    with psycopg.connect(empty_stack.settings.postgres_dsn) as connection:
        (tables,) = connection.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user").fetchall()
    assert tables == (0,)
    must(plant.run("contracts", "publish"))


def ends_of_data(bootstrap: str) -> dict[tuple[str, int], int]:
    places = [(topic, partition) for topic in TOPICS if topic != CONTRACTS for partition in partitions_of(topic)]
    return {**LogEnds(bootstrap).written(places)}
