"""What a reader of a control topic makes of records that do not belong there."""

from domain.dead_letters import RecordSkipped
from domain.topics import MODEL_EVENTS, SKIPS
from infra.cli.doctor.control_topics import passed_over
from infra.kafka.meaning.control_topic import ControlDecoder
from schemas.codec import Event, encode
from schemas.wire import header_of
from tests.builders import a_batch, published_contracts
from tests.unit.infra.kafka.meaning.test_decoded import ContractsPublishedLater

SKIPPED = RecordSkipped(position="sensor-events/3/180442", because="a test", actor="test")
GOOD = encode(SKIPPED, published_contracts())
JUNK = (b"poison", b"", None, bytes(64), GOOD[:-1], GOOD + b"x", header_of(2_000_000_000) + GOOD[5:])


def events(decoder: ControlDecoder, *values: bytes | None, topic: str = SKIPS) -> list[Event]:
    return [record.event for record in decoder.events(a_batch(values, topic=topic))]


def test_a_reader_goes_on_behind_every_kind_of_junk_and_names_it() -> None:
    decoder = ControlDecoder(ContractsPublishedLater(published_contracts()))
    assert events(decoder, *JUNK, GOOD) == [SKIPPED]
    assert [one.position.offset for one in decoder.passed_over] == list(range(len(JUNK)))


def test_an_event_of_another_topic_is_passed_over() -> None:
    decoder = ControlDecoder(ContractsPublishedLater(published_contracts()))
    assert events(decoder, GOOD, topic=MODEL_EVENTS) == []
    assert [one.error for one in decoder.passed_over] == ["misplaced"]


def test_an_id_published_meanwhile_is_found_and_a_batch_of_unknown_ids_asks_once() -> None:
    known = ContractsPublishedLater(published_contracts())
    unknown = [header_of(number) + b"x" for number in range(1_000_000, 1_000_050)]
    assert events(ControlDecoder(known), *unknown, GOOD) == [SKIPPED]
    assert known.asked == 1


def test_the_doctor_names_what_was_passed_over_and_how_to_say_that_it_is_known() -> None:
    decoder = ControlDecoder(ContractsPublishedLater(published_contracts()))
    events(decoder, *JUNK)
    finding = passed_over(decoder.passed_over)
    assert not finding.good
    assert "skips/0/0 (not_avro)" in finding.found
    assert "telltale skip skips/0/0" in finding.fix
    assert passed_over(()).good
