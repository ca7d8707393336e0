"""Records that name a schema or profile that nobody has defined: waited for, given up or skipped, with a reason."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from domain.dead_letters import DeadLettered, RecordSkipped
from domain.scoring import Flag, ReadingsScored
from domain.topics import SKIPS
from ml.scoring.scorer import Scorer
from ml.scoring.state import to_bytes
from ml.scoring.waiting import Waiting
from schemas.codec import encode
from schemas.wire import header_of
from tests.builders import NOON, a_profile, a_reading
from tests.fakes.scoring import (
    FakeDecoding,
    FakeHistory,
    FakeModels,
    FakeSchemaNames,
    FakeScoringLog,
    FakeWaitingReport,
    InMemoryLog,
)

UNKNOWN_ID = 999
GIVEN_UP_AFTER_S = 60.0


@dataclass
class Slot:
    """A scorer over a log in memory, and what its surroundings say."""

    log: InMemoryLog
    registry: FakeSchemaNames = field(default_factory=FakeSchemaNames)
    report: FakeWaitingReport = field(default_factory=FakeWaitingReport)
    passed_s: float = 0
    scorer: Scorer = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        slot, decoding = FakeScoringLog(self.log), FakeDecoding(self.log)
        waiting = Waiting(
            log=slot,
            decoding=decoding,
            registry=self.registry,
            report=self.report,
            given_up_after_s=GIVEN_UP_AFTER_S,
            clock=lambda: NOON + timedelta(seconds=self.passed_s),
        )
        self.scorer = Scorer(
            log=slot,
            history=FakeHistory(self.log),
            models=FakeModels(self.log),
            decoding=decoding,
            waiting=waiting,
            version="test",
        )

    def steps(self, *, after_s: float = 0) -> None:
        self.passed_s += after_s
        for _ in range(4):
            self.passed_s += 1
            self.scorer.step(timeout_s=0)

    def letters(self) -> list[tuple[str, str]]:
        events = [event for event in self.log.written(DeadLettered) if isinstance(event, DeadLettered)]
        return [(event.position, event.error) for event in events]

    def marks(self) -> list[RecordSkipped]:
        return [one for one in self.log.written(RecordSkipped) if isinstance(one, RecordSkipped) and one.unread]

    def flags(self, name: Flag) -> list[int]:
        return [
            offset
            for ledger in self.log.written(ReadingsScored)
            if isinstance(ledger, ReadingsScored)
            for flag in ledger.flags
            if flag.name == name
            for first, after in zip(flag.ranges[::2], flag.ranges[1::2], strict=True)
            for offset in range(first, after)
        ]


def of_unknown_schema(log: InMemoryLog, second: int = 1, schema_id: int = UNKNOWN_ID) -> bytes:
    return header_of(schema_id) + encode(a_reading(second), log.contracts)[5:]


@pytest.fixture
def slot() -> Slot:
    """Return a slot whose log has a good reading, one of an unknown schema, and a good one."""
    log = InMemoryLog(profiles={"environment@1": a_profile()})
    log.promote()
    log.put(a_reading(0))
    log.source.append(of_unknown_schema(log))
    log.put(a_reading(2))
    return Slot(log)


def test_what_comes_before_a_record_that_waits_is_judged_and_what_waits_is_reported(slot: Slot) -> None:
    slot.steps()
    assert slot.log.offset == 1
    (waits,) = slot.report.waiting
    assert str(waits.position) == "sensor-events/0/1"
    assert "schema id 999" in waits.cause
    assert "telltale skip sensor-events/0/1" in waits.then
    assert slot.letters() == []


def test_a_schema_that_neither_log_nor_registry_knows_is_given_up_after_a_while(slot: Slot) -> None:
    slot.steps()
    slot.steps(after_s=GIVEN_UP_AFTER_S)
    assert slot.letters() == [("sensor-events/0/1", "unknown_schema")]
    assert [(mark.position, mark.actor) for mark in slot.marks()] == [("sensor-events/0/1", "telltale-scorer")]
    assert slot.flags(Flag.REJECTED) == [1]
    assert slot.log.offset == 3
    assert not slot.report.waiting


def test_a_registry_that_does_not_answer_makes_it_wait_and_nothing_worse(slot: Slot) -> None:
    slot.registry.away = True
    slot.steps()
    slot.steps(after_s=100 * GIVEN_UP_AFTER_S)
    assert slot.letters() == []
    assert "until the registry answers" in slot.report.waiting[0].cause
    slot.registry.away = False
    slot.steps(after_s=10)
    assert slot.letters() == [("sensor-events/0/1", "unknown_schema")]


@pytest.mark.parametrize(("name", "given_up"), [("orders.Placed", True), ("telltale.SensorReadingRecorded", False)])
def test_a_schema_that_only_the_registry_knows_is_waited_for_if_it_is_ours(
    slot: Slot, name: str, *, given_up: bool
) -> None:
    slot.registry.names[UNKNOWN_ID] = name
    slot.steps()
    slot.steps(after_s=2 * GIVEN_UP_AFTER_S)
    assert bool(slot.letters()) is given_up


def test_an_unknown_profile_is_given_up_likewise_and_one_that_is_defined_in_time_is_not() -> None:
    log = InMemoryLog(profiles={"environment@1": a_profile()})
    log.put(a_reading(0, profile="kiln@1"), a_reading(1, profile="oven@3"), a_reading(2))
    slot = Slot(log)
    slot.steps(after_s=GIVEN_UP_AFTER_S / 2)
    assert log.offset is None
    log.profiles["kiln@1"] = a_profile("kiln")
    slot.steps()
    assert log.offset == 1
    slot.steps(after_s=GIVEN_UP_AFTER_S)
    assert slot.letters() == [("sensor-events/0/1", "unknown_profile")]
    assert log.offset == 3


def test_many_different_unknown_names_wait_together_and_not_one_after_another() -> None:
    log = InMemoryLog(profiles={"environment@1": a_profile()})
    log.source += [of_unknown_schema(log, second, 1_000 + second) for second in range(40)]
    log.put(a_reading(100))
    slot = Slot(log)
    slot.steps()
    slot.steps(after_s=GIVEN_UP_AFTER_S)
    assert len(slot.letters()) == 40
    assert log.offset == 41


@pytest.mark.parametrize("profile", ["environment", "environment@", "environment@0", "@1", "environment@1@2", ""])
def test_a_name_that_no_profile_can_have_is_not_admitted_at_once(profile: str) -> None:
    log = InMemoryLog(profiles={"environment@1": a_profile()})
    log.put(a_reading(0, profile=profile), a_reading(1))
    slot = Slot(log)
    slot.steps()
    assert slot.letters() == [("sensor-events/0/0", "not_admitted")]
    assert log.offset == 2


@pytest.mark.parametrize("value", [bytes(64), header_of(0), header_of(2**31) + b"x"])
def test_an_id_that_no_schema_can_have_is_not_admitted_at_once(value: bytes) -> None:
    log = InMemoryLog(profiles={"environment@1": a_profile()})
    log.source.append(value)
    slot = Slot(log)
    slot.steps()
    assert slot.letters() == [("sensor-events/0/0", "not_admitted")]


def test_a_record_that_a_person_skipped_is_passed_over_also_by_a_scorer_that_is_started_again(slot: Slot) -> None:
    slot.steps()
    skip = RecordSkipped(position="sensor-events/0/1", because="a broken import", actor="ann")
    slot.log.topics.setdefault(SKIPS, []).append(skip)
    slot.restart()
    slot.steps()
    assert slot.log.offset == 3
    assert slot.flags(Flag.SKIPPED) == [1]
    assert [(mark.because, mark.actor) for mark in slot.marks()] == [("a broken import", "ann")]
    assert slot.letters() == []


def test_a_schema_published_after_its_record_was_given_up_changes_no_replay(slot: Slot) -> None:
    slot.steps()
    slot.steps(after_s=GIVEN_UP_AFTER_S)
    before = to_bytes(slot.scorer._writing.states[0])
    known = slot.log.contracts.published(slot.log.contracts.id_of("SensorReadingRecorded"))
    slot.log.contracts.add(replace(known, id=UNKNOWN_ID))
    slot.log.topics.pop("scorer-state")
    slot.restart()
    slot.steps()
    assert to_bytes(slot.scorer._writing.states[0]) == before
