"""The batch decoder agrees with the single-record reference on every record, good or bad."""

import random
from dataclasses import replace
from math import isnan
from uuid import UUID

import numpy as np
import pytest

from domain.admission import ReadingRefused, UnknownProfile, admit
from domain.readings import SensorReadingRecorded, microseconds, moment_of
from schemas.codec import decode, encode
from schemas.contracts import UnknownSchemaId
from schemas.decoder import ReadingDecoder
from schemas.readings import uuid_bytes
from schemas.wire import BadRecord, header_of
from tests.builders import a_batch, a_profile, a_reading, published_contracts
from tests.raw_avro import reading_with_recorded_at
from tests.repetition import seeds

CONTRACTS = published_contracts()
PROFILES = {profile.ref: profile for profile in (a_profile(), a_profile("pump", channels=("speed", "flow")))}
DECODER = ReadingDecoder(CONTRACTS, PROFILES)


def bytes_of(reading: SensorReadingRecorded) -> bytes:
    return encode(reading, CONTRACTS)


def test_values_stand_in_the_profiles_channel_order_with_nan_for_what_was_not_measured() -> None:
    first = a_reading(measurements={"vibration": 3.0, "temperature": 1.0})
    decoded = DECODER.decode(a_batch([bytes_of(first), bytes_of(a_reading(1))]))
    (block,) = decoded.blocks
    np.testing.assert_array_equal(block.values, [[1.0, np.nan, 3.0], [21.5, 101.3, 2.1]])


def test_a_batch_of_two_profiles_gives_one_block_each_with_its_rows() -> None:
    pump = a_reading(1, profile="pump@1", measurements={"flow": 2.0, "speed": 1.0})
    decoded = DECODER.decode(a_batch([bytes_of(a_reading()), bytes_of(pump), bytes_of(a_reading(2))]))
    rows = {block.profile.ref: block.rows.tolist() for block in decoded.blocks}
    assert rows == {"environment@1": [0, 2], "pump@1": [1]}


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (None, "not_avro"),
        (b"\x00\x00", "not_avro"),
        (b"{json: 1}", "not_avro"),
        (bytes_of(a_reading())[:-3], "undecodable"),
        (bytes_of(a_reading()) + b"more", "trailing_bytes"),
        (bytes_of(a_reading(measurements={"temperature": float("nan")})), "not_admitted"),
        (bytes_of(a_reading(measurements={"humidity": 40.0})), "not_admitted"),
        (bytes_of(a_reading(measurements={})), "not_admitted"),
        (bytes_of(a_reading(sensor_id="nul\0")), "not_admitted"),
        (bytes_of(a_reading(machine_id="another")), "not_admitted"),
    ],
)
def test_one_bad_record_is_rejected_and_its_neighbours_are_kept(value: bytes | None, error: str) -> None:
    good = [bytes_of(a_reading(second)) for second in range(6)]
    decoded = DECODER.decode(a_batch([*good[:3], value, *good[3:]], first_offset=100))
    assert [(rejection.offset, rejection.error) for rejection in decoded.rejected] == [(103, error)]
    assert decoded.offsets.tolist() == [100, 101, 102, 104, 105, 106]
    assert decoded.blocks[0].rows.tolist() == list(range(6))


def test_a_time_beyond_what_a_datetime_holds_is_rejected() -> None:
    far = reading_with_recorded_at(9_000_000_000_000_000_000, CONTRACTS)
    decoded = DECODER.decode(a_batch([far, bytes_of(a_reading())]))
    assert [rejection.offset for rejection in decoded.rejected] == [0]


def test_an_unknown_schema_id_is_no_bad_record() -> None:
    with pytest.raises(UnknownSchemaId):
        DECODER.decode(a_batch([bytes_of(a_reading()), header_of(4711) + b"\x00"]))


def test_an_unknown_profile_is_no_bad_record() -> None:
    with pytest.raises(UnknownProfile):
        DECODER.decode(a_batch([bytes_of(a_reading()), bytes_of(a_reading(profile="fan@9"))]))


def test_uuid_bytes_are_those_of_the_ids() -> None:
    readings = [a_reading(second) for second in range(5)]
    decoded = DECODER.decode(a_batch(map(bytes_of, readings)))
    assert [UUID(bytes=row.tobytes()) for row in uuid_bytes(decoded.columns.column("event_id"))] == [
        reading.event_id for reading in readings
    ]


def _damaged(rng: random.Random) -> tuple[bytes | None, bytes]:
    measurements = {
        name: rng.choice([rng.uniform(-900, 900), rng.uniform(-900, 900), float("inf"), 5e3])
        for name in rng.sample(["temperature", "pressure", "vibration", "humidity"], rng.randint(0, 3))
    }
    reading = replace(
        a_reading(rng.uniform(-1e9, 1e9), measurements=measurements, sensor_id=rng.choice(["a", "ü" * 200, "é", ""])),
        anomaly_type=rng.choice([None, "spike", ""]),
    )
    value = bytes_of(rng.choice([reading, a_reading(rng.uniform(0, 1e6))]))
    if rng.random() < 0.15:
        place = rng.randrange(5, len(value))
        value = value[:place] + bytes([rng.randrange(256)]) + value[place + 1 :]
    if rng.random() < 0.1:
        value = value[: rng.randrange(len(value))]
    return value, rng.choice([b"hall-a"] * 9 + [b"else"])


def _reference(value: bytes | None, key: bytes) -> SensorReadingRecorded | str | None:
    """Return the reading, the class of its refusal, or None where the reader has to wait."""
    try:
        event = decode(value, CONTRACTS)
        assert isinstance(event, SensorReadingRecorded)
        admit(event, PROFILES, key=key.decode())
    except BadRecord as error:
        return error.error
    except ReadingRefused:
        return "not_admitted"
    except (UnknownProfile, UnknownSchemaId):
        return None
    return event


@pytest.mark.parametrize("seed", seeds(40))
def test_any_batch_is_judged_as_its_records_are_one_by_one(seed: int) -> None:
    rng = random.Random(seed)
    damaged = [pair for pair in (_damaged(rng) for _ in range(60)) if _reference(*pair) is not None]
    batch = a_batch([value for value, _ in damaged], keys=[key for _, key in damaged])
    decoded = DECODER.decode(batch)
    found: dict[int, SensorReadingRecorded | str] = {r.offset: r.error for r in decoded.rejected}
    for block in decoded.blocks:
        for values, row in zip(block.values.tolist(), block.rows.tolist(), strict=True):
            named = zip(block.profile.channel_names, values, strict=True)
            plain = decoded.columns.slice(row, 1).to_pylist()[0] | {
                "event_id": UUID(decoded.columns.column("event_id")[row].as_py()),
                "recorded_at": moment_of(int(decoded.recorded_at_us[row])),
                "measurements": {name: value for name, value in named if not isnan(value)},
            }
            found[int(decoded.offsets[row])] = SensorReadingRecorded(**plain)
    expected = {place: _reference(*pair) for place, pair in enumerate(damaged)}
    assert found == expected


@pytest.mark.parametrize("seed", seeds(20))
def test_batches_decoded_together_are_what_each_is_alone(seed: int) -> None:
    rng = random.Random(seed)
    batches = []
    for partition in range(rng.choice([0, 1, 2, 5])):
        pairs = [pair for pair in (_damaged(rng) for _ in range(rng.choice([1, 2, 20]))) if _reference(*pair)]
        if pairs:
            values, keys = zip(*pairs, strict=True)
            batch = a_batch(list(values), keys=list(keys))
            batches.append(replace(batch, partition=partition, offsets=batch.offsets * 2 + rng.randrange(1000)))
    together = DECODER.decode_all(batches)
    for readings, alone in zip(together, map(DECODER.decode, batches), strict=True):
        assert (readings.topic, readings.partition) == (alone.topic, alone.partition)
        assert readings.columns.equals(alone.columns)
        assert readings.rejected == alone.rejected
        for name in ("offsets", "appended_at_us", "recorded_at_us"):
            np.testing.assert_array_equal(getattr(readings, name), getattr(alone, name))
        for block, wanted in zip(
            readings.blocks, sorted(alone.blocks, key=lambda block: int(block.rows[0])), strict=True
        ):
            assert block.profile == wanted.profile
            np.testing.assert_array_equal(block.rows, wanted.rows)
            np.testing.assert_array_equal(block.values, wanted.values)


def test_times_are_whole_microseconds() -> None:
    reading = a_reading(0.000001)
    decoded = DECODER.decode(a_batch([bytes_of(reading)]))
    assert decoded.recorded_at_us.tolist() == [microseconds(reading.recorded_at)]
