import dataclasses
import json
from collections.abc import Callable

import pytest

from domain.contracts import SchemaPublished
from domain.dead_letters import DeadLettered, RecordSkipped
from domain.topics import ANOMALY_EVENTS, CONTRACTS, DEAD_LETTERS, SENSOR_EVENTS, SKIPS
from schemas.catalogue import text_sha256
from schemas.codec import Event, encode
from schemas.contracts import Contracts
from schemas.proof import ContractProver, Proof
from schemas.records import RecordBatch
from schemas.wire import header_of
from tests.builders import a_batch, a_reading, published_contracts

GOOD = encode(a_reading(), published_contracts())
POISON = b"poison"


def proof_of(*batches: RecordBatch, contracts: Contracts | None = None) -> Proof:
    prover = ContractProver(contracts or published_contracts())
    for batch in batches:
        prover.add(batch)
    return prover.finish()


def of(topic: str, *events: Event | bytes, first_offset: int = 0, partition: int = 0) -> RecordBatch:
    values = [event if isinstance(event, bytes) else encode(event, published_contracts()) for event in events]
    return a_batch(values, topic=topic, first_offset=first_offset, partition=partition)


def dead_letter(position: str) -> DeadLettered:
    return DeadLettered(
        position=position, key=None, value=POISON, headers=(), error="not_avro", message="", stage="scorer"
    )


def test_readable_records_are_counted_by_topic_and_schema_with_first_and_last_position() -> None:
    proof = proof_of(
        of(SENSOR_EVENTS, GOOD, GOOD, first_offset=5),
        of(SENSOR_EVENTS, GOOD, first_offset=90, partition=3),
        of(SKIPS, RecordSkipped(position="sensor-events/0/1", because="", actor="")),
    )
    readings = published_contracts().id_of("SensorReadingRecorded")
    assert [(group.topic, group.schema_id, group.event, group.records) for group in proof.readable] == [
        (SENSOR_EVENTS, readings, "SensorReadingRecorded", 3),
        (SKIPS, published_contracts().id_of("RecordSkipped"), "RecordSkipped", 1),
    ]
    assert (proof.readable[0].first, proof.readable[0].last) == ("sensor-events/0/5", "sensor-events/3/90")
    assert proof.holds
    assert proof.records == 4


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (POISON, "not_avro"),
        (None, "not_avro"),
        (GOOD[:-2], "undecodable"),
        (GOOD + b"x", "trailing_bytes"),
        (header_of(4711) + GOOD[5:], "unknown_id"),
        (encode(dead_letter("sensor-events/0/1"), published_contracts()), "wrong_topic"),
    ],
)
def test_one_unreadable_record_among_good_ones_breaks_the_proof_and_is_named(value: bytes | None, error: str) -> None:
    proof = proof_of(a_batch([GOOD, value, GOOD], first_offset=10))
    assert not proof.holds
    assert [(group.error, group.unknown) for group in proof.unreadable] == [(error, ("sensor-events/0/11",))]
    assert proof.readable[0].records == 2


@pytest.mark.parametrize(
    ("topic", "tell"),
    [
        (DEAD_LETTERS, dead_letter),
        (SKIPS, lambda position: RecordSkipped(position=position, because="known", actor="test")),
    ],
)
def test_a_bad_record_that_lies_in_dead_letters_or_is_skipped_is_known(
    topic: str, tell: Callable[[str], Event]
) -> None:
    proof = proof_of(of(SENSOR_EVENTS, POISON, POISON), of(topic, tell("sensor-events/0/0")))
    assert [(group.records, group.known, group.unknown) for group in proof.unreadable] == [
        (2, 1, ("sensor-events/0/1",))
    ]
    assert not proof.holds
    proof = proof_of(of(SENSOR_EVENTS, POISON), of(topic, tell("sensor-events/0/0")))
    assert proof.holds


def test_a_bad_record_of_another_topic_than_readings_is_named_too() -> None:
    proof = proof_of(of(ANOMALY_EVENTS, GOOD, POISON))
    assert [(group.error, group.unknown) for group in proof.unreadable] == [
        ("not_avro", ("anomaly-events/0/1",)),
        ("wrong_topic", ("anomaly-events/0/0",)),
    ]


def test_a_publication_whose_text_was_changed_is_named() -> None:
    published = next(iter(published_contracts()))
    falsified = dataclasses.replace(published, text=published.text.replace("doc", "dog", 1))
    proof = proof_of(of(CONTRACTS, published, falsified))
    assert [(group.error, group.unknown) for group in proof.unreadable] == [("sha256", ("contracts/0/1",))]


def test_records_of_an_older_version_are_read_with_todays_schema() -> None:
    today = published_contracts().published(published_contracts().id_of("SensorReadingRecorded"))
    text = without_last_field(today.text)
    older = SchemaPublished(id=99, subject=today.subject, version=1, text=text, sha256=text_sha256(text))
    known = Contracts([*published_contracts(), older])
    value = header_of(99) + GOOD[5:-1]
    proof = proof_of(a_batch([value, GOOD]), contracts=known)
    assert {group.schema_id: group.records for group in proof.readable} == {99: 1, today.id: 1}
    assert proof.holds


def without_last_field(text: str) -> str:
    definition = json.loads(text)
    assert definition["fields"].pop()["name"] == "anomaly_type"
    return json.dumps(definition)
