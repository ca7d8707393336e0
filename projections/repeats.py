"""Leaving out readings that the log has again: the same reading twice is one reading, in whatever it is projected into.

The same reading: the same id, of the same sensor of the same machine, taken at the same time, in the same partition.
The first of them in the partition counts, so what is left out depends on the order within partitions and nothing else.

A build remembers what it has seen in slots: the hashes of one sensor's readings of one minute, in 8 bytes each. Should
two readings of one sensor and minute ever share their 64-bit hash, the second would be taken for the first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.readings import Readings, uuid_bytes

PARTITION: Final = "~partition"
SENSOR: Final = "~sensor"
MINUTE: Final = "~minute"
HASH: Final = "~reading"
IDENTITY: Final = (PARTITION, SENSOR, MINUTE, HASH)
"""Columns beside those of `batch`: by them the store tells readings apart; they are not sent."""

_MINUTE_US: Final = 60_000_000

Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One sensor's readings of one minute in one partition; `sensor` is a hash, `minute` counts from 1970."""

    partition: int
    sensor: int
    minute: int


class SeenReadings(Protocol):
    """What a build has seen, read and written in one transaction with its rows."""

    def seen(self, slots: Sequence[Slot]) -> Mapping[Slot, Hashes]:
        """Return the hashes of the readings seen of those slots that have any, ascending."""

    def remember(self, slots: Mapping[Slot, Hashes]) -> None:
        """Put these hashes, ascending, in the place of what was seen of each slot."""


def identity_columns(readings: Readings) -> dict[str, pa.Array]:
    """Return the columns of IDENTITY, one row per reading."""
    ids = uuid_bytes(readings.columns.column("event_id")).view(np.uint64)
    taken_at = readings.recorded_at_us.astype(np.uint64)
    return {
        PARTITION: pa.array(np.full(len(readings), readings.partition, np.int64)),
        SENSOR: pa.array(_sensors(readings.columns)),
        MINUTE: pa.array(readings.recorded_at_us // _MINUTE_US),
        HASH: pa.array(_mixed(ids[:, 0] ^ _mixed(ids[:, 1] ^ _mixed(taken_at)))),
    }


def without_repeats(pieces: Sequence[pa.RecordBatch], seen: SeenReadings | None) -> list[pa.RecordBatch]:
    """Return the pieces without readings that stand in them before or, with `seen`, in earlier batches.

    Pieces without IDENTITY hold no readings and stay as they are; the others come without these columns.
    """
    told_apart = [piece for piece in pieces if HASH in piece.schema.names]
    if not told_apart:
        return list(pieces)
    partitions, sensors, minutes, readings = (
        np.concatenate([piece.column(name).to_numpy() for piece in told_apart]) for name in IDENTITY
    )
    keep = np.ones(len(readings), np.bool_)
    place = _mixed(sensors.view(np.uint64) ^ _mixed(minutes.view(np.uint64) ^ _mixed(partitions.view(np.uint64))))
    order = np.lexsort((readings, place))  # stable: of equal readings the first in the log comes first
    place, hashes = place[order], readings[order]
    again = (place[1:] == place[:-1]) & (hashes[1:] == hashes[:-1])
    keep[order[1:][again]] = False
    if seen is not None and len(readings):
        order, place = order[keep[order]], place[keep[order]]
        starts = np.flatnonzero(np.concatenate([[True], place[1:] != place[:-1]]))
        slots = {
            Slot(int(partitions[first]), int(sensors[first]), int(minutes[first])): rows
            for first, rows in zip(order[starts], np.split(order, starts[1:]), strict=True)
        }
        for rows in _seen_before(slots, readings, seen):
            keep[rows] = False
    return _kept(pieces, keep)


def without_identity(pieces: Sequence[pa.RecordBatch]) -> list[pa.RecordBatch]:
    """Return the pieces with all their rows, as they are sent."""
    return [piece.drop_columns(list(IDENTITY)) if HASH in piece.schema.names else piece for piece in pieces]


def _seen_before(
    slots: Mapping[Slot, NDArray[np.intp]], readings: Hashes, seen: SeenReadings
) -> Iterator[NDArray[np.intp]]:
    """Yield the rows whose readings were seen, slot by slot, and remember the others."""
    known = seen.seen(list(slots))
    changed: dict[Slot, Hashes] = {}
    for slot, rows in slots.items():
        hashes = readings[rows]
        if slot not in known:
            changed[slot] = hashes
            continue
        repeated = np.isin(hashes, known[slot], assume_unique=True)
        if repeated.any():
            yield rows[repeated]
        if not repeated.all():
            changed[slot] = np.union1d(known[slot], hashes)
    seen.remember(changed)


def _kept(pieces: Sequence[pa.RecordBatch], keep: NDArray[np.bool_]) -> list[pa.RecordBatch]:
    kept, begin = [], 0
    for piece in pieces:
        if HASH not in piece.schema.names:
            kept.append(piece)
            continue
        rows = keep[begin : begin + piece.num_rows]
        begin += piece.num_rows
        sent = piece.drop_columns(list(IDENTITY))
        kept.append(sent if rows.all() else sent.filter(pa.array(rows)))
    return kept


def _sensors(columns: pa.RecordBatch) -> NDArray[np.int64]:
    """Return a hash of machine and sensor per row; each pair is hashed once."""
    machines, sensors = (columns.column(name).dictionary_encode() for name in ("machine_id", "sensor_id"))
    machine_names, sensor_names = machines.dictionary.to_pylist(), sensors.dictionary.to_pylist()
    pairs = machines.indices.to_numpy().astype(np.int64) * max(1, len(sensor_names)) + sensors.indices.to_numpy()
    found, places = np.unique(pairs, return_inverse=True)
    hashed = [
        _name_hash(machine_names[pair // len(sensor_names)], sensor_names[pair % len(sensor_names)])
        for pair in found.tolist()
    ]
    return np.array(hashed, np.int64)[places]


def _name_hash(machine_id: str, sensor_id: str) -> int:
    named = machine_id.encode() + b"\0" + sensor_id.encode()  # neither name holds a NUL
    return int.from_bytes(blake2b(named, digest_size=8).digest(), "big", signed=True)


def _mixed(numbers: Hashes) -> Hashes:
    """Return the numbers with their bits well mixed: the finalizer of MurmurHash3 (Austin Appleby, public domain)."""
    mixed = numbers.copy()
    for shift, factor in ((33, 0xFF51AFD7ED558CCD), (33, 0xC4CEB9FE1A85EC53)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(33))
