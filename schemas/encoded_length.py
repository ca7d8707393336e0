"""How many bytes readings take in Avro, from their columns.

The batch decoder reads over bytes that follow an event; comparing lengths finds them. Avro 1.12, binary encoding.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schemas.readings import map_entries

_DOUBLE_BYTES = 8
_INT64_BITS = 63


def encoded_lengths(readings: pa.RecordBatch) -> NDArray[np.int64]:
    """Return the encoded length of each reading in bytes: int64 array (n,).

    A map written in several blocks, or in blocks with their size, is longer than this says.
    """
    total = np.zeros(len(readings), np.int64)
    for name in ("event_id", "machine_id", "sensor_id", "profile", "source"):
        total += _text_bytes(readings.column(name))
    total += _varint_bytes(readings.column("recorded_at").to_numpy())
    total += _map_bytes(readings.column("measurements"))
    # A union is the branch's number in one byte, then the value of that branch; null has none.
    total += 2 + np.asarray(pc.is_valid(readings.column("anomaly_injected")), np.int64)
    anomaly_type = readings.column("anomaly_type")
    total += np.where(pc.is_valid(anomaly_type), _text_bytes(anomaly_type.fill_null("")), 0)
    return total


def _text_bytes(texts: Any) -> NDArray[np.int64]:
    sizes = pc.binary_length(texts).to_numpy(zero_copy_only=False).astype(np.int64)
    lengths: NDArray[np.int64] = _varint_bytes(sizes) + sizes
    return lengths


def _map_bytes(maps: pa.MapArray) -> NDArray[np.int64]:
    edges, keys, _ = map_entries(maps)
    counts = np.diff(edges)
    sizes = np.concatenate([[0], np.cumsum(_text_bytes(keys) + _DOUBLE_BYTES)])
    entries = sizes[edges[1:]] - sizes[edges[:-1]]
    # One block: its count, its entries, and the zero that ends the map; an empty map is that zero alone.
    lengths: NDArray[np.int64] = np.where(counts > 0, _varint_bytes(counts) + entries + 1, 1)
    return lengths


def _varint_bytes(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the bytes of zigzag varints: seven bits to a byte."""
    zigzag = ((numbers << 1) ^ (numbers >> _INT64_BITS)).astype(np.uint64)
    lengths = np.ones(len(numbers), np.int64)
    while (zigzag := zigzag >> np.uint64(7)).any():
        lengths += zigzag > 0
    return lengths
