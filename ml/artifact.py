"""The bytes a model is: a canonical JSON header and plain arrays, never code.

One form for every detector, so that a model is its sha256: the same header and arrays always give the same bytes, on
any machine. Layout: the word TELLTALE and a byte 1, the header's length (8 bytes, little-endian), the header as JSON,
then the arrays in the order of their names, little-endian, C-ordered, each filled up to 8 bytes. The header is
{"artifact": <the caller's>, "arrays": {name: {"dtype", "shape", "offset"}}}, offsets counted from the header's end.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

FORMAT: Final = "parameters"
"""`format` of ModelArtifactStored for these bytes."""

_MAGIC: Final = b"TELLTALE\x01"
_DTYPES: Final = frozenset({"<f8", "<f4", "<i8", "<i4", "|i1", "|u1", "|b1"})
_ALIGNMENT: Final = 8

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Array = npt.NDArray[Any]


class NotAnArtifact(ValueError):
    """The bytes are not a model artifact of this form."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """What stands in an artifact: `header` says what it is, `arrays` are its numbers."""

    header: Mapping[str, Json]
    arrays: Mapping[str, Array]


def canonical_json(value: object) -> str:
    """Return the one JSON text of `value`: keys sorted, no spaces, no NaN or infinity, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256_of(content: bytes) -> str:
    """Return the lower-case hex SHA-256, which is a model's identity."""
    return hashlib.sha256(content).hexdigest()


def pack(artifact: Artifact) -> bytes:
    """Return the artifact's bytes; equal artifacts give equal bytes.

    Raises:
        NotAnArtifact: an array's type is none of plain little-endian numbers.
    """
    places: dict[str, Json] = {}
    blocks: list[bytes] = []
    offset = 0
    for name in sorted(artifact.arrays):
        array = np.ascontiguousarray(artifact.arrays[name])
        stored = array.astype(array.dtype.newbyteorder("<"), copy=False)
        if stored.dtype.str not in _DTYPES:
            raise NotAnArtifact(f"array {name!r} has type {stored.dtype.str}; allowed are {', '.join(sorted(_DTYPES))}")
        block = stored.tobytes() + bytes(-stored.nbytes % _ALIGNMENT)
        places[name] = {"dtype": stored.dtype.str, "shape": list(stored.shape), "offset": offset}
        blocks.append(block)
        offset += len(block)
    header = canonical_json({"artifact": dict(artifact.header), "arrays": places}).encode()
    return b"".join((_MAGIC, len(header).to_bytes(8, "little"), header, *blocks))


def unpack(content: bytes) -> Artifact:
    """Return what `pack` was given; arrays are read-only.

    Raises:
        NotAnArtifact: the bytes are not of this form, or are cut short.
    """
    start = len(_MAGIC) + 8
    if not content.startswith(_MAGIC) or len(content) < start:
        raise NotAnArtifact("the bytes do not begin as a Telltale model does")
    end = start + int.from_bytes(content[len(_MAGIC) : start], "little")
    try:
        header = json.loads(content[start:end])
        arrays = {name: _array(content, end, place) for name, place in header["arrays"].items()}
        return Artifact(header=header["artifact"], arrays=arrays)
    except (ValueError, KeyError, TypeError) as error:
        raise NotAnArtifact(f"the model's bytes are damaged: {error}") from error


def _array(content: bytes, end: int, place: Mapping[str, Any]) -> Array:
    if place["dtype"] not in _DTYPES:
        raise NotAnArtifact(f"array type {place['dtype']!r} is not allowed")
    shape = tuple(int(size) for size in place["shape"])
    count = int(np.prod(shape, dtype=np.int64))
    array = np.frombuffer(content, dtype=place["dtype"], count=count, offset=end + int(place["offset"]))
    # Copied out: the offset after a header of any length need not be aligned, and views would pin the whole text.
    aligned = array.reshape(shape).copy()
    aligned.flags.writeable = False
    return aligned
