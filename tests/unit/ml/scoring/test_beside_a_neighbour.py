"""All that a neighbour writes into sensor-events, before a scorer in memory: each record ends with a cause."""

import random
from dataclasses import dataclass, field

import pytest

from domain.dead_letters import DeadLettered
from domain.scoring import Flag
from domain.topics import SENSOR_EVENTS
from schemas.records import RecordBatch
from tests.builders import a_batch, a_profile
from tests.fakes.scoring import InMemoryLog
from tests.guarantees.neighbour.neighbour import Neighbour
from tests.guarantees.plant import CHANNELS, pump_reading
from tests.repetition import seeds
from tests.unit.ml.scoring.test_waiting import GIVEN_UP_AFTER_S, Slot


@dataclass
class KeyedLog(InMemoryLog):
    """A log whose records keep the keys that they were written with."""

    keyed: dict[int, bytes | None] = field(default_factory=dict)

    def read(self, start: int, end: int) -> RecordBatch:
        values = self.source[start:end]
        keys = [self.keyed.get(start + row, self.keys.get(value, b"hall-a")) for row, value in enumerate(values)]
        return a_batch(values, keys=keys, first_offset=start)


@dataclass
class NeighbourInMemory(Neighbour):
    """Writes what it would write into sensor-events into a log in memory."""

    log: KeyedLog = field(default_factory=KeyedLog)

    def flush(self) -> None: ...

    def _write(
        self, topic: str, value: bytes | None, *, key: bytes | None = b"neighbour", causes: set[str] | None = None
    ) -> None:
        if topic != SENSOR_EVENTS:
            return
        self.log.keyed[len(self.log.source)] = key
        position = f"{SENSOR_EVENTS}/0/{len(self.log.source)}"
        self.log.source.append(value)
        if causes:
            self.bad[position] = frozenset(causes)
        else:
            self.good.append(position)


@pytest.mark.parametrize("seed", seeds(5))
def test_every_record_of_a_neighbour_is_judged_or_a_dead_letter_with_its_cause(seed: int) -> None:
    log = KeyedLog(profiles={"pump@1": a_profile("pump", channels=CHANNELS)})
    log.promote(profile="pump@1")
    neighbour = NeighbourInMemory("127.0.0.1:9", log.contracts, random.Random(seed), log=log)
    for second in range(4):
        neighbour.turn()
        log.put(pump_reading(second, "pump-01", 50.0 + second, 50.0))
    slot = Slot(log)
    slot.steps()
    slot.steps(after_s=GIVEN_UP_AFTER_S + 1_000)
    assert log.offset == len(log.source)
    letters = {event.position: event.error for event in log.written(DeadLettered) if isinstance(event, DeadLettered)}
    assert letters.keys() == neighbour.bad.keys()
    wrong = {at: (error, neighbour.bad[at]) for at, error in letters.items() if error not in neighbour.bad[at]}
    assert wrong == {}
    assert {f"{SENSOR_EVENTS}/0/{offset}" for offset in slot.flags(Flag.REJECTED)} == letters.keys()
