"""Decoded readings in columns: what scorer, projectors, trainer and verifier work on."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from domain.profiles import ProfileDefined

UNKNOWN_SCHEMA: Final = "unknown_schema"
UNKNOWN_PROFILE: Final = "unknown_profile"

_LONGEST_MESSAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that is no acceptable reading: `error` is the class of the dead letter, `message` says why."""

    offset: int
    error: str
    message: str

    @classmethod
    def of(cls, offset: int, error: str, message: object) -> "Rejection":
        """Return a rejection whose message is as long as a person reads: it may quote a record of megabytes."""
        text = str(message)
        return cls(offset, error, text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}…")


@dataclass(frozen=True, slots=True)
class UnknownReference:
    """A reading that names a schema or profile that is not in the log.

    what: UNKNOWN_SCHEMA or UNKNOWN_PROFILE, the class of its dead letter if nobody defines it. name: id or reference.
    """

    offset: int
    what: str
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class ProfileBlock:
    """The readings of one profile among the rows of a `Readings`.

    rows: intp array (m,), ascending.
    values: float64 array (m, c) in the profile's channel order; NaN where a channel was not measured.
    """

    profile: ProfileDefined
    rows: NDArray[np.intp]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Readings:
    """The admitted readings of one partition's batch, in log order, and the records that were not admitted.

    `columns` has one row per admitted reading: event_id, machine_id, sensor_id, profile, source, anomaly_type
    (string), anomaly_injected (bool). offsets, appended_at_us, recorded_at_us: int64 arrays (n,).
    """

    topic: str
    partition: int
    offsets: NDArray[np.int64]
    appended_at_us: NDArray[np.int64]
    recorded_at_us: NDArray[np.int64]
    columns: pa.RecordBatch
    blocks: tuple[ProfileBlock, ...]
    rejected: tuple[Rejection, ...]
    skipped: tuple[int, ...] = ()
    """Offsets of records that nobody reads: people, or the scorer, told everybody to pass over them."""

    def __len__(self) -> int:
        return len(self.offsets)


def map_entries(maps: pa.MapArray) -> tuple[NDArray[np.int64], pa.Array, pa.Array]:
    """Return edges (n + 1,), keys and values of maps: row i has the entries edges[i] to edges[i + 1].

    Holds for slices too, whose own offsets count from the start of the array they were cut from.
    """
    edges = maps.offsets.to_numpy().astype(np.int64)
    first, size = int(edges[0]), int(edges[-1] - edges[0])
    keys, items = maps.keys, maps.items
    if len(keys) != size:
        keys, items = keys.slice(first, size), items.slice(first, size)
    return edges - first, keys, items


def uuid_bytes(event_ids: pa.StringArray) -> NDArray[np.uint8]:
    """Return the 16 bytes of each UUID: uint8 array (n, 16).

    event_ids: canonical texts of 36 characters, none null.
    """
    digits = _characters(event_ids).tobytes().replace(b"-", b"")
    return np.frombuffer(bytes.fromhex(digits.decode("ascii")), np.uint8).reshape(-1, 16)


def canonical_uuids(texts: pa.StringArray) -> NDArray[np.bool_]:
    """Return which texts are UUIDs in the one form `str(UUID)` gives: bool array (n,)."""
    canonical: NDArray[np.bool_] = pc.binary_length(texts).to_numpy(zero_copy_only=False) == _LENGTH
    if not canonical.all():
        canonical[canonical] = canonical_uuids(texts.filter(pa.array(canonical)))
        return canonical
    kinds = _characters(texts).tobytes().translate(_KINDS)
    dashed: NDArray[np.bool_] = (np.frombuffer(kinds, np.uint8).reshape(-1, _LENGTH) == _FORM).all(axis=1)
    return dashed


def _characters(texts: pa.StringArray) -> NDArray[np.uint8]:
    """Return the bytes of texts of 36 characters each: uint8 array (n, 36)."""
    n = len(texts)
    if n == 0:
        return np.empty((0, _LENGTH), np.uint8)
    _, offsets, text = texts.buffers()
    first = np.frombuffer(offsets, np.int32)[texts.offset]
    return np.frombuffer(text, np.uint8)[first : first + _LENGTH * n].reshape(n, _LENGTH)


_LENGTH: Final = 36


def _kind(character: int) -> int:
    if character in b"0123456789abcdef":
        return ord("0")
    return character if character == ord("-") else 0


_FORM: Final = np.frombuffer(b"00000000-0000-0000-0000-000000000000", np.uint8)
_KINDS: Final = bytes.maketrans(bytes(range(256)), bytes(_kind(character) for character in range(256)))
"""Each hexadecimal digit as str(UUID) writes it to 0, the dash to itself, all else to a character that fits nowhere."""
