"""Faults of transport: the same ones for the same seed, labelled, and no sound reading changed or lost."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pytest

from infra.sources.simulator.fault_orders import FaultNotUnderstood
from infra.sources.simulator.fleet import fleet
from infra.sources.simulator.transport import (
    LABEL,
    STRANGE_CHANNEL,
    FaultyTransport,
    TransportFault,
    TransportKind,
)
from infra.sources.simulator.transport_orders import ordered_transport_fault, parse_transport_order
from schemas.decoder import COLUMNS
from tests.builders import NOON, a_reading

SECOND = 1_000_000
NOON_US = int(NOON.timestamp()) * SECOND


@dataclass
class FakeLabellingSink:
    """What was handed over, in order: event id or bytes, and the label."""

    taken: list[tuple[str | bytes, str | None]] = field(default_factory=list)
    rows: dict[str, dict[str, object]] = field(default_factory=dict)
    flushed: int = 0

    def append(self, table: pa.RecordBatch) -> None:
        self._take(table, None)

    def append_labelled(self, table: pa.RecordBatch, headers: Mapping[str, str]) -> None:
        self._take(table, headers[LABEL])

    def append_bytes(self, key: str, value: bytes, headers: Mapping[str, str]) -> None:
        self.taken.append((value, headers[LABEL]))

    def flush(self) -> None:
        self.flushed += 1

    def _take(self, table: pa.RecordBatch, label: str | None) -> None:
        for row in table.to_pylist():
            self.taken.append((row["event_id"], label))
            self.rows[row["event_id"]] = row

    def labelled(self, kind: TransportKind) -> list[str | bytes]:
        return [what for what, label in self.taken if label == kind]


def some_readings(count: int, machine: str = "pump-07", start: int = 0) -> pa.RecordBatch:
    rows = []
    for second in range(start, start + count):
        reading = a_reading(second, machine_id=machine, measurements={"vibration": 2.0 + second})
        rows.append(
            {
                "event_id": str(reading.event_id),
                "machine_id": machine,
                "sensor_id": reading.sensor_id,
                "profile": reading.profile,
                "recorded_at": NOON_US + second * SECOND,
                "measurements": list(reading.measurements.items()),
                "source": "test",
                "anomaly_injected": None,
                "anomaly_type": None,
            }
        )
    return pa.RecordBatch.from_pylist(rows, schema=COLUMNS)


def a_fault(kind: TransportKind, *, share: float = 0.2, machine: str = "pump-07") -> TransportFault:
    return TransportFault(kind=kind, machine=machine, from_us=NOON_US, until_us=NOON_US + 60 * SECOND, share=share)


def sent(*faults: TransportFault, seed: int = 8) -> FakeLabellingSink:
    """Return what arrives of 100 readings sent ten at a time, those of another machine among them."""
    sink = FakeLabellingSink()
    transport = FaultyTransport(sink, faults, seed)
    for start in range(0, 100, 10):
        transport.append(some_readings(10, start=start))
        transport.append(some_readings(10, machine="fan-01", start=start))
    transport.flush()
    return sink


@pytest.mark.parametrize("kind", TransportKind)
def test_every_sound_reading_arrives_once_and_unchanged_and_the_seed_says_which_are_hit(kind: TransportKind) -> None:
    sink, again, other = sent(a_fault(kind)), sent(a_fault(kind)), sent(a_fault(kind), seed=9)
    assert sink.taken == again.taken != other.taken
    sound = {row["event_id"]: row for row in some_readings(100).to_pylist()}
    arrived = [what for what, label in sink.taken if label is None or kind is TransportKind.LATE]
    assert sorted(str(what) for what in arrived if what in sound) == sorted(sound)
    assert {event_id: sink.rows[event_id] for event_id in sound} == sound
    assert 3 < len(sink.labelled(kind)) < 30
    assert sink.flushed == 1


def test_a_duplicate_follows_its_reading_at_once() -> None:
    sink = sent(a_fault(TransportKind.DUPLICATES))
    for place, (what, label) in enumerate(sink.taken):
        if label == TransportKind.DUPLICATES:
            assert sink.taken[place - 1] == (what, None)


def test_late_readings_arrive_after_newer_ones_of_their_sensor() -> None:
    sink = sent(a_fault(TransportKind.LATE))
    moments = [
        (int(str(sink.rows[what]["recorded_at"])), label)
        for what, label in sink.taken
        if isinstance(what, str) and sink.rows[what]["machine_id"] == "pump-07"
    ]
    for place, (moment, label) in enumerate(moments):
        if label == TransportKind.LATE:
            newest = max(earlier for earlier, _ in moments[:place])
            assert newest > moment


def test_a_strange_channel_comes_in_a_reading_of_its_own() -> None:
    sink = sent(a_fault(TransportKind.UNKNOWN_CHANNEL))
    for event_id in sink.labelled(TransportKind.UNKNOWN_CHANNEL):
        assert dict(sink.rows[str(event_id)]["measurements"])[STRANGE_CHANNEL] == 1.0  # type: ignore[call-overload]


def test_poison_is_no_wire_format() -> None:
    poison = sent(a_fault(TransportKind.POISON)).labelled(TransportKind.POISON)
    assert all(isinstance(value, bytes) and value[0] == 0xFF for value in poison)


def test_an_order_names_kind_machine_time_and_share() -> None:
    order = parse_transport_order("late@pump-07,at=-20s,for=1m,share=0.5")
    fault = ordered_transport_fault(order, fleet(12, seed=8), live_us=NOON_US)
    assert fault == TransportFault(
        kind=TransportKind.LATE,
        machine="pump-07",
        from_us=NOON_US - 20 * SECOND,
        until_us=NOON_US + 40 * SECOND,
        share=0.5,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("late", "write KIND@MACHINE"),
        ("slow@pump-07", "there are duplicates, late, poison, unknown-channel"),
        ("late@pump-07,often=1", "often is not understood"),
        ("late@pump-07,share=much", "'much' is no number"),
        ("late@pump-07,share=2", "not above 1"),
        ("late@pump-99", "there is no machine 'pump-99'"),
    ],
)
def test_an_order_that_is_not_understood_says_what_would_be(text: str, said: str) -> None:
    with pytest.raises(FaultNotUnderstood, match=said):
        ordered_transport_fault(parse_transport_order(text), fleet(12, seed=8), live_us=NOON_US)
