from domain.contracts import SchemaPublished
from domain.dead_letters import RecordSkipped
from domain.topics import CONTRACTS, SKIPS
from infra.kafka.meaning.decoded import UNKNOWN_ID, DecodedRecord, RecordReader
from schemas.codec import encode
from schemas.contracts import Contracts
from schemas.wire import header_of
from tests.builders import a_batch, published_contracts

SKIPPED = RecordSkipped(position="sensor-events/3/180442", because="a test", actor="test")
NEVER_PUBLISHED = header_of(2_000_000_000)


class ContractsPublishedLater:
    """Knows nothing until it is asked again."""

    def __init__(self, later: Contracts) -> None:
        self.contracts = Contracts()
        self.asked = 0
        self._later = later

    def refresh(self) -> tuple[SchemaPublished, ...]:
        self.asked += 1
        news = tuple(contract for contract in self._later if contract.id not in self.contracts)
        for contract in news:
            self.contracts.add(contract)
        return news


def decode(known: ContractsPublishedLater, *values: bytes | None, topic: str = SKIPS) -> list[DecodedRecord]:
    return list(RecordReader(known).decode(a_batch(values, topic=topic)))


def test_a_record_with_an_id_published_meanwhile_is_decoded() -> None:
    known = ContractsPublishedLater(published_contracts())
    (record,) = decode(known, encode(SKIPPED, published_contracts()))
    assert record.event == "RecordSkipped"
    assert record.fields == {
        "position": "sensor-events/3/180442",
        "because": "a test",
        "actor": "test",
        "unread": False,
    }


def test_what_is_wrong_with_a_record_is_told_in_its_place() -> None:
    good = encode(SKIPPED, published_contracts())
    values = (b"poison", good[:-1], good + b"x", NEVER_PUBLISHED + good[5:], None, good)
    records = decode(ContractsPublishedLater(published_contracts()), *values)
    assert [record.problem and record.problem.error for record in records] == [
        "not_avro",
        "undecodable",
        "trailing_bytes",
        UNKNOWN_ID,
        "not_avro",
        None,
    ]
    assert [record.value for record in records] == list(values)


def test_an_id_that_nobody_published_is_asked_for_once_however_many_records_name_it() -> None:
    known = ContractsPublishedLater(published_contracts())
    records = decode(known, *[NEVER_PUBLISHED + b"body"] * 50)
    assert {record.schema_id for record in records} == {2_000_000_000}
    assert known.asked == 1


def test_topic_contracts_is_decoded_before_any_id_is_known() -> None:
    published = next(iter(published_contracts()))
    value = encode(published, published_contracts())
    (record,) = decode(ContractsPublishedLater(Contracts()), value, topic=CONTRACTS)
    assert record.event == "SchemaPublished"
    assert record.fields is not None
    assert record.fields["subject"] == published.subject
