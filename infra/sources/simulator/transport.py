"""Faults of the way from a machine to the log: readings sent twice, held back, damaged, or with a channel nobody knows.

They never change a sound reading: held-back ones come later, all else comes in addition. Which readings are hit follows
from seed and event id, so the same run makes the same faults; every record they make carries the header LABEL.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

import pyarrow as pa

from domain.readings import derive_event_id
from infra.sources.ports import ReadingSink

LABEL: Final = "telltale-transport-fault"
"""Header of every record that a transport fault made; its value is the kind."""

STRANGE_CHANNEL: Final = "unheard_of"
HELD_BACK_US: Final = 30_000_000
"""How long a late reading waits, by the device's time; newer ones of its sensor overtake it."""


class TransportKind(StrEnum):
    """Ways of arriving badly; the value is the label."""

    DUPLICATES = "duplicates"
    LATE = "late"
    POISON = "poison"
    UNKNOWN_CHANNEL = "unknown-channel"


SHARES: Final[Mapping[TransportKind, float]] = MappingProxyType(
    {
        TransportKind.DUPLICATES: 0.05,
        TransportKind.LATE: 0.2,
        TransportKind.POISON: 0.01,
        TransportKind.UNKNOWN_CHANNEL: 0.01,
    }
)
"""Share of a machine's readings that each kind hits when nothing is said."""


class LabellingSink(ReadingSink, Protocol):
    """A sink that also takes what no reading is, and labels records."""

    def append_labelled(self, table: pa.RecordBatch, headers: Mapping[str, str]) -> None:
        """Hand over readings with headers, after all that was handed over before."""

    def append_bytes(self, key: str, value: bytes, headers: Mapping[str, str]) -> None:
        """Hand over a record as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportFault:
    """One fault of a machine's way to the log, for readings recorded from `from_us` until `until_us` (None: for ever).

    share: how many of them it hits, 0 to 1.
    """

    kind: TransportKind
    machine: str
    from_us: int
    until_us: int | None
    share: float

    def hits(self, event_id: str, recorded_at_us: int, *, seed: int) -> bool:
        """Return whether a reading of the machine is hit."""
        if recorded_at_us < self.from_us or (self.until_us is not None and recorded_at_us >= self.until_us):
            return False
        drawn = hashlib.sha256(f"{seed} {self.kind} {event_id}".encode()).digest()[:4]
        return int.from_bytes(drawn) < self.share * 2**32


@dataclass
class FaultyTransport:
    """Stands before a sink and does to some machines' readings what faulty transports do. `made` counts records."""

    sink: LabellingSink
    faults: Sequence[TransportFault]
    seed: int
    made: Counter[tuple[TransportKind, str]] = field(default_factory=Counter)
    _held: dict[str, list[tuple[int, pa.RecordBatch]]] = field(default_factory=dict)

    def append(self, table: pa.RecordBatch) -> None:
        """Hand over readings, sound or not. See `ReadingSink`."""
        done = 0
        for place, fault in self._hit(table):
            row = table.slice(place, 1)
            late = fault.kind is TransportKind.LATE
            self.sink.append(table.slice(done, place + (not late) - done))
            done = place + 1
            self._do(fault, row)
        self.sink.append(table.slice(done))
        self._release(_newest(table))

    def flush(self) -> None:
        """Hand over what is held back still, and return once everything is acknowledged."""
        for machine in list(self._held):
            self._release({machine: None})
        self.sink.flush()

    def _hit(self, table: pa.RecordBatch) -> Iterator[tuple[int, TransportFault]]:
        """Yield the rows that are hit, in order, each by the first fault that does."""
        by_machine = {fault.machine for fault in self.faults}
        machines, ids = table.column("machine_id").to_pylist(), table.column("event_id").to_pylist()
        moments = table.column("recorded_at").cast(pa.int64()).to_pylist()
        for place, machine in enumerate(machines):
            if machine not in by_machine:
                continue
            for fault in self.faults:
                if fault.machine == machine and fault.hits(ids[place], moments[place], seed=self.seed):
                    yield place, fault
                    break

    def _do(self, fault: TransportFault, row: pa.RecordBatch) -> None:
        headers = {LABEL: fault.kind.value}
        match fault.kind:
            case TransportKind.DUPLICATES:
                self.sink.append_labelled(row, headers)
            case TransportKind.LATE:
                due = int(row.column("recorded_at").cast(pa.int64())[0].as_py()) + HELD_BACK_US
                self._held.setdefault(fault.machine, []).append((due, row))
            case TransportKind.POISON:
                event_id = row.column("event_id")[0].as_py()
                noise = hashlib.sha512(f"{self.seed} noise {event_id}".encode()).digest()
                self.sink.append_bytes(fault.machine, b"\xff" + noise, headers)
            case TransportKind.UNKNOWN_CHANNEL:
                self.sink.append_labelled(with_strange_channel(row), headers)
        self.made[fault.kind, fault.machine] += 1

    def _release(self, newest: Mapping[str, int | None]) -> None:
        """Hand over what was held back long enough: until a machine's newest reading, or all where that is None."""
        for machine, moment in newest.items():
            waiting = self._held.pop(machine, [])
            due = [row for at, row in waiting if moment is None or at <= moment]
            if left := [(at, row) for at, row in waiting if moment is not None and at > moment]:
                self._held[machine] = left
            for row in due:
                self.sink.append_labelled(row, {LABEL: TransportKind.LATE.value})


def with_strange_channel(row: pa.RecordBatch) -> pa.RecordBatch:
    """Return one reading with a channel its profile does not have, under the id that follows from that content."""
    (plain,) = row.to_pylist()
    measured = {**dict(plain["measurements"]), STRANGE_CHANNEL: 1.0}
    moment = int(row.column("recorded_at").cast(pa.int64())[0].as_py())
    event_id = derive_event_id(plain["machine_id"], plain["sensor_id"], moment, measured)
    changed = {**plain, "event_id": str(event_id), "measurements": list(measured.items())}
    return pa.RecordBatch.from_pylist([changed], schema=row.schema)


def _newest(table: pa.RecordBatch) -> dict[str, int | None]:
    newest: dict[str, int | None] = {}
    moments = table.column("recorded_at").cast(pa.int64()).to_pylist()
    for machine, moment in zip(table.column("machine_id").to_pylist(), moments, strict=True):
        newest[machine] = max(newest.get(machine) or 0, moment)
    return newest
