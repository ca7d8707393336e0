"""Readings in columns are the readings one by one: same ids, same bytes, same admission."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.readings import derive_event_id
from infra.sources.reading_table import Measured, Sensor, reading_table
from schemas.admission import reading_at
from schemas.codec import encode
from schemas.encoder import encode_readings
from tests.builders import a_profile, published_contracts
from tests.repetition import examples

values = st.floats(allow_nan=False, allow_infinity=False) | st.just(-0.0)
rows = st.tuples(
    st.integers(0, 1), st.integers(0, 4_102_444_800_000_000), st.lists(st.none() | values, min_size=3, max_size=3)
).filter(lambda row: any(value is not None for value in row[2]))


def measured(drawn: list[tuple[int, int, list[float | None]]]) -> Measured:
    count = len(drawn)
    return Measured(
        profile=a_profile(channels=("vibration", "Ärger", "a")),
        sensors=[Sensor("hall-a", "north"), Sensor("hall-ü", "south")],
        sensor=np.array([sensor for sensor, _, _ in drawn], np.intp),
        recorded_at_us=np.array([moment for _, moment, _ in drawn], np.int64),
        values=np.array([[np.nan if value is None else value for value in row] for _, _, row in drawn], np.float64),
        source="test",
        injected=pa.array([None, True, False] * count, pa.bool_()).slice(0, count),
        anomaly_type=pa.array([None, "spike", None] * count, pa.string()).slice(0, count),
    )


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(rows, min_size=1, max_size=12))
def test_ids_and_bytes_are_those_of_single_readings(drawn: list[tuple[int, int, list[float | None]]]) -> None:
    table = reading_table(measured(drawn))
    contracts = published_contracts()

    for row, value in enumerate(encode_readings(table, contracts)):
        reading = reading_at(table, row)
        moment = table["recorded_at"][row].as_py()
        content = (reading.machine_id, reading.sensor_id, moment, reading.measurements)
        assert reading.event_id == derive_event_id(*content)
        assert value == encode(reading, contracts)


def test_nothing_is_encoded_as_nothing() -> None:
    table = reading_table(measured([(0, 0, [1.0, 2.0, 3.0])])).slice(0, 0)

    assert encode_readings(table, published_contracts()) == []
