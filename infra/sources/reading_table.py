"""Readings in columns on their way into the log, in the columns in which they are decoded again."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from domain.profiles import ProfileDefined
from domain.readings import READING_NAMESPACE
from schemas.decoder import COLUMNS


@dataclass(frozen=True, slots=True)
class Sensor:
    """A sensor of a machine."""

    machine_id: str
    sensor_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Readings of one profile before they have ids; n rows.

    sensor: intp array (n,), index into `sensors`.
    recorded_at_us: int64 array (n,), device time in µs since 1970 UTC.
    values: float64 array (n, c) in the profile's channel order, NaN where a channel was not measured.
    injected: bool array (n,) with nulls where the truth is not known; anomaly_type: string array (n,) with nulls.
    """

    profile: ProfileDefined
    sensors: Sequence[Sensor]
    sensor: NDArray[np.intp]
    recorded_at_us: NDArray[np.int64]
    values: NDArray[np.float64]
    source: str
    injected: pa.BooleanArray
    anomaly_type: pa.StringArray

    def __len__(self) -> int:
        return len(self.sensor)


def reading_table(measured: Measured) -> pa.RecordBatch:
    """Return the readings, each with the id that follows from its content, in `schemas.decoder.COLUMNS`."""
    count = len(measured)
    sensors, index = measured.sensors, pa.array(measured.sensor)
    columns = {
        "event_id": pa.array(event_ids(measured), pa.string()),
        "machine_id": pa.array([sensor.machine_id for sensor in sensors], pa.string()).take(index),
        "sensor_id": pa.array([sensor.sensor_id for sensor in sensors], pa.string()).take(index),
        "profile": _repeated(measured.profile.ref, count),
        "recorded_at": pa.array(measured.recorded_at_us),
        "measurements": _maps(measured),
        "source": _repeated(measured.source, count),
        "anomaly_injected": measured.injected,
        "anomaly_type": measured.anomaly_type,
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in COLUMNS.names], schema=COLUMNS)


def event_ids(measured: Measured) -> pa.StringArray:
    """Return what `domain.readings.derive_event_id` gives for every row, as text.

    Values repeat, since sensors have a resolution: each distinct one is written as hexadecimal once.
    """
    names = measured.profile.channel_names
    pairs = [
        _pairs(names[place], measured.values[:, place]) for place in sorted(range(len(names)), key=names.__getitem__)
    ]
    starts = [f"{sensor.machine_id}\0{sensor.sensor_id}\0" for sensor in measured.sensors]
    rows = zip(measured.sensor.tolist(), measured.recorded_at_us.tolist(), *pairs, strict=True)
    namespace = READING_NAMESPACE.bytes
    digests = [
        sha1(namespace + f"{starts[sensor]}{moment}{''.join(texts)}".encode(), usedforsecurity=False).digest()
        for sensor, moment, *texts in rows
    ]
    return _uuid5_texts(b"".join(digests))


def _pairs(channel: str, values: NDArray[np.float64]) -> list[str]:
    """Return NUL, channel, = and the value as `float.hex()` for every row; nothing where there is no value."""
    # Told apart by their bits: 0.0 and -0.0 are equal, and their texts are not.
    distinct = pa.array(np.ascontiguousarray(values).view(np.int64)).dictionary_encode()
    floats = distinct.dictionary.to_numpy().view(np.float64).tolist()
    texts = [f"\0{channel}={value.hex()}" if value == value else "" for value in floats]  # noqa: PLR0124 - not NaN
    return [texts[place] for place in distinct.indices.to_pylist()]


def _uuid5_texts(digests: bytes) -> pa.StringArray:
    """Return the UUIDs of SHA-1 digests laid end to end, version and variant set as RFC 9562 says for version 5."""
    octets = np.frombuffer(digests, np.uint8).reshape(-1, 20)[:, :16].copy()
    octets[:, 6] = octets[:, 6] & 0x0F | 0x50
    octets[:, 8] = octets[:, 8] & 0x3F | 0x80
    texts = np.full((len(octets), _UUID_LENGTH), ord("-"), np.uint8)
    texts[:, _DIGITS[0::2]] = _HEXADECIMAL[octets >> 4]
    texts[:, _DIGITS[1::2]] = _HEXADECIMAL[octets & 0x0F]
    edges = np.arange(0, texts.size + 1, _UUID_LENGTH, dtype=np.int32)
    return pa.StringArray.from_buffers(len(octets), pa.py_buffer(edges), pa.py_buffer(texts))


def _maps(measured: Measured) -> pa.MapArray:
    """Return the measured channels of every row."""
    given = ~np.isnan(measured.values)
    edges = np.concatenate([[0], np.cumsum(given.sum(axis=1))]).astype(np.int32)
    channels = pa.array(measured.profile.channel_names, pa.string())
    keys = channels.take(pa.array(np.nonzero(given)[1]))
    return pa.MapArray.from_arrays(pa.array(edges), keys, pa.array(measured.values[given]))


def _repeated(text: str, count: int) -> pa.StringArray:
    return pa.repeat(pa.scalar(text, pa.string()), count)


_UUID_LENGTH = 36
_DIGITS = [place for place in range(_UUID_LENGTH) if place not in (8, 13, 18, 23)]
_HEXADECIMAL = np.frombuffer(b"0123456789abcdef", np.uint8)
