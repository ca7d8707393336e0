"""One suite for the ports through which readings come in, over fake and Kafka alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest

from commands.define_profile import DefineProfile
from commands.reading_log import ReadingLog
from domain.appending import ReadingsNotAppended
from domain.positions import Position
from domain.profiles import ProfileDefined
from domain.readings import SensorReadingRecorded
from domain.topics import DATA_PARTITIONS
from infra.kafka.client.partitioning import partition_of
from infra.kafka.readings.reading_log import KafkaReadingLog
from infra.registry.publish import publish_contracts
from infra.settings import Settings
from infra.sources.ports import KnownReadings, ReadingSink
from infra.sources.reading_table import Measured, Sensor, reading_table
from infra.wiring.container import Container
from tests.builders import a_profile, a_reading
from tests.fakes.intake import FakeReadingLog, FakeReadings

PROFILE = a_profile("contract-suite", channels=("speed", "vibration"))
_runs = count()


def a_table(machine_id: str, rows: int, *, first_second: int = 0, profile: ProfileDefined = PROFILE) -> pa.RecordBatch:
    return reading_table(
        Measured(
            profile=profile,
            sensors=[Sensor(machine_id, "motor")],
            sensor=np.zeros(rows, np.intp),
            recorded_at_us=1_773_000_000_000_000 + (first_second + np.arange(rows)) * 1_000_000,
            values=np.column_stack([np.full(rows, 80.0), np.arange(rows) / 10]),
            source="test",
            injected=pa.nulls(rows, pa.bool_()),
            anomaly_type=pa.nulls(rows, pa.string()),
        )
    )


@dataclass(frozen=True, slots=True)
class Ports:
    """Where readings go in, and where it is told which are there."""

    sink: ReadingSink
    known: KnownReadings
    log: ReadingLog
    profile: ProfileDefined
    machine: str


@pytest.fixture(params=["fake", pytest.param("kafka", marks=pytest.mark.timeout(120))])
def ports(request: pytest.FixtureRequest) -> Iterator[Ports]:
    machine = f"machine-{next(_runs)}-{id(request)}"
    if request.param == "fake":
        readings = FakeReadings()
        yield Ports(readings, readings, FakeReadingLog(), PROFILE, machine)
        return
    settings: Settings = request.getfixturevalue("stack_settings")
    intake = intake_of(settings)
    profile = defined(intake)
    known = {one.ref: one for one in intake.profile_log().known()}
    yield Ports(
        intake.appender(),
        intake.logged_readings(profiles=known),
        intake.command_service.kwargs["record_readings"]().log,
        profile,
        machine,
    )


def intake_of(settings: Settings) -> Container:
    """Return the write side over a real log in which the contracts are published."""
    publish_contracts(settings)
    intake = Container()
    intake.settings.override(settings)
    return intake


def defined(intake: Container) -> ProfileDefined:
    command = DefineProfile(name=PROFILE.name, channels=PROFILE.channels, expected_interval_s=1.0)
    return intake.define_profile().handle(command).profile


def known_ids(ports: Ports, machines: set[str]) -> set[str]:
    portions = ports.known.ids(machines)
    return {str(UUID(bytes=octets.tobytes())) for _, ids in portions for octets in ids}


def test_readings_that_were_flushed_are_known_by_their_ids(ports: Ports) -> None:
    table = a_table(ports.machine, 5_000, profile=ports.profile)

    ports.sink.append(table)
    ports.sink.flush()

    assert known_ids(ports, {ports.machine}) == set(table["event_id"].to_pylist())


def test_only_the_machines_asked_for_are_told(ports: Ports) -> None:
    other = f"{ports.machine}-other"
    for machine in (ports.machine, other):
        ports.sink.append(a_table(machine, 10, profile=ports.profile))
    ports.sink.flush()

    assert len(known_ids(ports, {ports.machine})) == 10
    assert len(known_ids(ports, {ports.machine, other})) == 20
    assert known_ids(ports, {f"{ports.machine}-nobody"}) == set()


def test_appending_nothing_is_nothing(ports: Ports) -> None:
    ports.sink.append(a_table(ports.machine, 3, profile=ports.profile).slice(0, 0))
    ports.sink.flush()

    assert known_ids(ports, {ports.machine}) == set()


def test_a_batch_is_answered_with_a_position_per_reading_in_order(ports: Ports) -> None:
    readings = [
        a_reading(second, machine_id=ports.machine, profile=ports.profile.ref, measurements={"speed": 80.0})
        for second in range(50)
    ]

    positions: Sequence[Position] = ports.log.append(readings)

    assert [position.topic for position in positions] == ["sensor-events"] * 50
    offsets = [position.offset for position in positions]
    assert offsets == list(range(offsets[0], offsets[0] + 50))
    assert len({position.partition for position in positions}) == 1


def test_a_machines_readings_lie_in_the_partition_of_its_name(stack_settings: Settings) -> None:
    intake = intake_of(stack_settings)
    profile = defined(intake)
    log = intake.command_service.kwargs["record_readings"]().log
    readings: list[SensorReadingRecorded] = [
        a_reading(machine_id=f"machine-{number}", profile=profile.ref, measurements={"speed": 80.0})
        for number in range(40)
    ]

    positions = log.append(readings)

    assert [position.partition for position in positions] == [
        partition_of(reading.machine_id, DATA_PARTITIONS) for reading in readings
    ]


def test_a_log_that_does_not_answer_is_said_so_in_time(stack_settings: Settings) -> None:
    intake = intake_of(stack_settings)
    nobody = KafkaReadingLog("127.0.0.1:1", intake.followed_contracts(), answered_within_s=1)

    with pytest.raises(ReadingsNotAppended, match="took 0 of 1 readings"):
        nobody.append([a_reading()])
