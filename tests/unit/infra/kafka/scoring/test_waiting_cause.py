from infra.kafka.scoring.waiting_cause import WaitingCause
from schemas.contracts import Contracts


def test_a_record_whose_schema_nobody_published_lacks_its_contract() -> None:
    cause = WaitingCause("nowhere", Contracts())
    assert cause.of(b"\0\0\0\0\x09body") == "schema id 9 is not in topic contracts: telltale contracts publish"


def test_a_record_that_can_be_no_reading_lacks_nothing_since_nobody_waits_with_it() -> None:
    cause = WaitingCause("nowhere", Contracts())
    assert [cause.of(value) for value in (None, b"", b"junk")] == [None, None, None]
