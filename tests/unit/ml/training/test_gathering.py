"""Training takes exactly the rows that the scorer would judge in order."""

import numpy as np

from domain.profiles import ProfileDefined
from domain.readings import SensorReadingRecorded, microseconds
from ml.manifest import Selection
from ml.training.gathering import RowCollector
from ml.training.trainer import TrainingRows
from schemas.codec import encode
from schemas.decoder import ReadingDecoder
from tests.builders import NOON, a_batch, a_profile, a_reading, published_contracts

CONTRACTS = published_contracts()
PROFILE = a_profile()
OTHER = a_profile("fan", channels=("speed",))


def gathered(
    *partitions: list[SensorReadingRecorded | bytes],
    recorded_from_us: int | None = None,
    recorded_before_us: int | None = None,
    batch: int = 100,
) -> TrainingRows:
    profiles: dict[str, ProfileDefined] = {PROFILE.ref: PROFILE, OTHER.ref: OTHER}
    decoder = ReadingDecoder(CONTRACTS, profiles)
    selection = Selection(
        profile=PROFILE.ref,
        topic="sensor-events",
        topic_id="test",
        ranges=(),
        recorded_from_us=recorded_from_us,
        recorded_before_us=recorded_before_us,
    )
    collector = RowCollector(selection, PROFILE)
    for partition, readings in enumerate(partitions):
        for first in range(0, len(readings), batch):
            held = readings[first : first + batch]
            records = a_batch(
                [one if isinstance(one, bytes) else encode(one, CONTRACTS) for one in held],
                keys=[b"hall-a" if isinstance(one, bytes) else one.machine_id.encode() for one in held],
                first_offset=first,
                partition=partition,
            )
            collector.add(decoder.decode(records))
    return collector.rows()


def test_rows_carry_their_positions_values_and_sensors() -> None:
    rows = gathered(
        [a_reading(0), a_reading(1, sensor_id="south", measurements={"pressure": 100.0})],
        [a_reading(2, machine_id="hall-b")],
    )

    assert rows.partitions.tolist() == [0, 0, 1]
    assert rows.offsets.tolist() == [0, 1, 0]
    assert rows.sensors.tolist() == [0, 1, 2]
    assert rows.sensor_names == (("hall-a", "north"), ("hall-a", "south"), ("hall-b", "north"))
    np.testing.assert_array_equal(rows.values, [[21.5, 101.3, 2.1], [np.nan, 100.0, np.nan], [21.5, 101.3, 2.1]])


def test_other_profiles_and_records_that_are_no_readings_are_left_out() -> None:
    fan = a_reading(1, profile="fan@1", measurements={"speed": 5.0})
    rows = gathered([a_reading(0), fan, b"poison", a_reading(3, measurements={"warp": 1.0}), a_reading(4)])

    assert rows.offsets.tolist() == [0, 4]


def test_late_repeated_and_clock_ahead_readings_are_left_out() -> None:
    rows = gathered([a_reading(5), a_reading(5), a_reading(2), a_reading(4_000), a_reading(6)])

    assert rows.offsets.tolist() == [0, 4]


def test_the_cut_into_batches_changes_nothing() -> None:
    readings: list[SensorReadingRecorded | bytes] = [
        a_reading(second % 37, sensor_id=f"s{second % 5}") for second in range(120)
    ]
    whole = gathered(readings)

    for batch in (1, 7, 50):
        cut = gathered(readings, batch=batch)
        assert cut.offsets.tolist() == whole.offsets.tolist()
        assert cut.sensors.tolist() == whole.sensors.tolist()
        assert cut.sensor_names == whole.sensor_names
        assert cut.values.tobytes() == whole.values.tobytes()


def test_a_period_is_half_open() -> None:
    noon = microseconds(NOON)

    rows = gathered(
        [a_reading(second) for second in range(10)],
        recorded_from_us=noon + 3_000_000,
        recorded_before_us=noon + 6_000_000,
    )

    assert rows.offsets.tolist() == [3, 4, 5]


def test_no_rows_are_an_empty_table() -> None:
    rows = gathered([])

    assert rows.values.shape == (0, 3)
    assert len(rows) == 0
