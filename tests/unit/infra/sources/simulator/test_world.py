"""A simulated fleet in time: the same wish gives the same readings with the same ids, each at its moment."""

import numpy as np
import pytest

from domain.admission import admit
from infra.sources.novelty import Novelty
from infra.sources.simulator.fault_orders import FaultNotUnderstood, ordered_fault, parse_order, seconds_of
from infra.sources.simulator.faults import Fault, FaultKind
from infra.sources.simulator.fleet import fleet, history_faults
from infra.sources.simulator.profiles import SIMULATED, simulated_profile
from infra.sources.simulator.stream import append_history, run_live
from infra.sources.simulator.world import World, WorldPlan
from schemas.admission import reading_at
from tests.fakes.intake import FakeReadings

START_US = 1_773_000_000_000_000
PROFILES = {kind: simulated_profile(kind) for kind in SIMULATED}


def a_plan(
    machines: int = 4,
    *,
    seed: int = 8,
    faults: dict[str, tuple[Fault, ...]] | None = None,
    interval_us: int = 1_000_000,
    block_ticks: int = 1_000,
) -> WorldPlan:
    return WorldPlan(
        stations=fleet(machines, seed=seed),
        profiles=PROFILES,
        faults=faults or {},
        start_us=START_US,
        interval_us=interval_us,
        block_ticks=block_ticks,
    )


def history(plan: WorldPlan, ticks: int) -> FakeReadings:
    log = FakeReadings()
    append_history(World(plan), log, ticks=range(ticks))
    return log


class FakeClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self, now_us: int) -> None:
        self.time_us = now_us

    def now_us(self) -> int:
        return self.time_us

    def sleep(self, seconds: float) -> None:
        self.time_us += max(1, round(seconds * 1e6))


def test_twelve_machines_have_forty_sensors() -> None:
    stations = fleet(12, seed=8)

    assert sum(len(station.sensors) for station in stations) == 40
    assert {station.kind for station in stations} == set(SIMULATED)


def test_a_small_fleet_has_every_kind_and_a_large_one_no_name_twice() -> None:
    assert {station.kind for station in fleet(4, seed=8)} == set(SIMULATED)
    assert len({station.machine_id for station in fleet(200, seed=8)}) == 200


def test_a_machine_stays_the_same_whatever_stands_beside_it() -> None:
    few = {station.machine_id: station for station in fleet(4, seed=8)}
    many = {station.machine_id: station for station in fleet(40, seed=8)}

    assert all(many[name] == station for name, station in few.items())


def test_the_same_seed_and_start_give_the_same_event_ids_as_far_as_both_are_run() -> None:
    short, long = history(a_plan(), 600), history(a_plan(), 900)

    assert set(short.column("event_id")) <= set(long.column("event_id"))
    assert set(short.column("event_id")).isdisjoint(history(a_plan(seed=9), 600).column("event_id"))


def test_a_fault_ordered_later_leaves_the_readings_before_it_as_they_were() -> None:
    fault = ordered_fault(parse_order("cavitation@pump-05,at=0"), fleet(4, seed=8), live_tick=600, interval_s=1.0)
    failing = a_plan(faults={"pump-05": (fault,)})

    assert history(failing, 600).column("event_id") == history(a_plan(), 600).column("event_id")


def test_every_reading_of_a_failing_fleet_is_admitted() -> None:
    stations = fleet(12, seed=8)
    plan = a_plan(12, faults=history_faults(stations, 2_000, seed=8))
    profiles = {profile.ref: profile for profile in PROFILES.values()}

    for table in World(plan).readings(0, 2_000):
        for row in range(0, len(table), 397):
            admit(reading_at(table, row), profiles)


def test_seven_kinds_of_fault_fall_into_the_second_half_of_a_history_each_on_its_own_machine() -> None:
    faults = history_faults(fleet(12, seed=8), 7_200, seed=8)

    assert len(faults) == 7
    assert all(fault.at >= 3_600 and fault.end is not None and fault.end <= 7_200 for (fault,) in faults.values())
    assert len({fault.kind for (fault,) in faults.values()}) == 7


def test_labels_name_the_fault_and_silence_leaves_a_gap() -> None:
    silent = Fault(kind=FaultKind.SILENT, at=10, end=20, size=1, over=0, sensor=0)
    shift = Fault(kind=FaultKind.SHIFT, at=5, end=8, size=8, over=0, sensor=0, channel=2)
    log = history(a_plan(faults={"pump-05": (silent,), "hall-a": (shift,)}), 30)

    def of(machine: str, sensor: str) -> list[dict[str, object]]:
        return [row for row in log.rows if (row["machine_id"], row["sensor_id"]) == (machine, sensor)]

    assert len(of("pump-05", "drive-end")) == 20
    labels = [row["anomaly_type"] for row in of("hall-a", "air")]
    assert labels == [None] * 5 + ["shift"] * 3 + [None] * 22
    assert [row["anomaly_injected"] for row in of("hall-a", "air")][4:6] == [False, True]


def test_the_same_history_twice_adds_nothing() -> None:
    log = FakeReadings()
    for _ in range(2):
        append_history(World(a_plan()), log, ticks=range(100), novelty=Novelty(log))

    assert len(log.rows) == 100 * a_plan().sensors


def test_a_stretch_across_the_border_of_two_blocks_is_whole() -> None:
    plan = a_plan(1)
    tables = list(World(plan).readings(plan.block_ticks - 5, plan.block_ticks + 5))

    assert sum(len(table) for table in tables) == 10 * plan.sensors


def test_live_readings_go_out_at_their_moment_and_in_order() -> None:
    plan = a_plan()
    clock = FakeClock(START_US + 10_000_000)
    sent: list[tuple[int, int]] = []

    class Sink(FakeReadings):
        def append(self, table: object) -> None:
            super().append(table)
            sent.extend((clock.now_us(), moment) for moment in table["recorded_at"].to_pylist())  # type: ignore[index]

    run_live(
        World(plan), plan, Sink(), first_tick=8, running=lambda: clock.now_us() < START_US + 15_000_000, clock=clock
    )

    moments = [moment for _, moment in sent]
    assert moments == sorted(moments)
    assert moments[0] == START_US + 8_000_000
    assert all(now >= moment for now, moment in sent)
    assert all(now - moment <= 3_000 for now, moment in sent if moment > START_US + 10_000_000)


def test_a_higher_rate_lets_time_pass_in_smaller_steps() -> None:
    plan = a_plan(interval_us=10_000)
    moments = World(plan).moments(0, 100)

    assert len(moments) == 100 * plan.sensors
    assert moments[-1] - moments[0] < 1_000_000
    assert np.diff(moments).min() >= 0


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), ("1.5h", 5400), ("30", 30), ("-5min", -300)]
)
def test_durations_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


def test_an_ordered_fault_starts_when_and_where_it_was_ordered() -> None:
    order = parse_order("shift@fan-01/motor:current,at=20s,for=1m,size=4")
    fault = ordered_fault(order, fleet(4, seed=8), live_tick=100, interval_s=0.5)

    assert (fault.kind, fault.at, fault.end, fault.size) == (FaultKind.SHIFT, 140, 260, 4)
    assert (fault.sensor, fault.channel) == (2, 2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("bearing", "no fault"),
        ("rust@pump-05", "no kind of fault"),
        ("bearing@pump-99", "no machine 'pump-99'"),
        ("cavitation@fan-01", "does not happen to fan-01"),
        ("shift@fan-01/roof", "no sensor 'roof'"),
        ("shift@fan-01:colour", "no channel 'colour'"),
        ("bearing@fan-01:current", "several channels"),
        ("shift@fan-01,at=soon", "no duration"),
        ("shift@fan-01,until=1h", "until is not understood"),
        ("shift@fan-01,size=big", "no number"),
    ],
)
def test_an_order_that_makes_no_sense_says_why(text: str, says: str) -> None:
    with pytest.raises(FaultNotUnderstood, match=says):
        ordered_fault(parse_order(text), fleet(4, seed=8), live_tick=0, interval_s=1.0)
