"""What a segment of Kafka's log holds, read from the headers of its record batches; nothing is decoded or checked.

Format: Apache Kafka, record batch of magic 2: baseOffset int64, batchLength int32, partitionLeaderEpoch int32, magic
int8, crc uint32, attributes int16, lastOffsetDelta int32, …, all big-endian.
"""

import struct
from pathlib import Path
from typing import Final

SUFFIX: Final = ".log"
_LENGTH: Final = struct.Struct(">qi")
_LAST: Final = struct.Struct(">i")
_LAST_AT: Final = 23
_SHORTEST: Final = 61
"""Bytes of a batch's header: no whole batch is shorter."""


def base_offset(segment: Path) -> int:
    """Return the first offset a segment may hold: Kafka names it so."""
    return int(segment.name.removesuffix(SUFFIX))


def next_offset(segment: Path, *, size: int) -> int:
    """Return the offset after the last whole batch in a segment's first `size` bytes."""
    found = base_offset(segment)
    with segment.open("rb") as file:
        at = 0
        while at + _SHORTEST <= size:
            file.seek(at)
            header = file.read(_SHORTEST)
            base, length = _LENGTH.unpack_from(header)
            at += _LENGTH.size + length
            if length < _SHORTEST - _LENGTH.size or at > size:
                break  # a torn end, as a killed broker leaves it; Kafka cuts it off when it starts
            found = base + _LAST.unpack_from(header, _LAST_AT)[0] + 1
    return found
