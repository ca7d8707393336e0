"""`telltale contracts prove` on the real log."""

from domain.dead_letters import RecordSkipped
from domain.topics import CONTRACTS, SKIPS
from infra.kafka.client.clients import producer
from infra.kafka.meaning.contracts import load_contracts
from infra.kafka.meaning.proving import prove_contracts
from infra.registry.publish import publish_contracts
from infra.settings import Settings
from schemas.codec import encode


class Counted:
    """A progress bar that only counts."""

    def __init__(self) -> None:
        self.done = 0
        self.total = 0

    def advance(self, count: int = 1) -> None:
        self.done += count

    def set_total(self, total: int) -> None:
        self.total = total


def test_every_topic_is_read_to_its_end_and_each_record_counted_once(stack_settings: Settings) -> None:
    publish_contracts(stack_settings)
    bootstrap = stack_settings.kafka_bootstrap
    known = load_contracts(bootstrap)
    before = prove_contracts(bootstrap, Counted()).proof
    client = producer(bootstrap)
    skipped = RecordSkipped(position="sensor-events/0/9000000000000000000", because="a test", actor="test")
    client.produce(SKIPS, key="test", value=encode(skipped, known))
    client.flush(10)
    bar = Counted()
    after = prove_contracts(bootstrap, bar).proof
    assert after.records == before.records + 1
    assert bar.done == bar.total
    groups = {(group.topic, group.event): group for group in after.readable}
    assert groups[CONTRACTS, "SchemaPublished"].first == "contracts/0/0"
    assert groups[SKIPS, "RecordSkipped"].schema_id == known.id_of("RecordSkipped")
