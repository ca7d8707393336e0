"""Simulated machines follow from their seeds, obey their physics, and fail as their labels say."""

import numpy as np
import pytest
from numpy.typing import NDArray

from infra.sources.simulator.faults import SHAPES, Fault, FaultKind
from infra.sources.simulator.machine import Machine, SensorBlock
from infra.sources.simulator.profiles import QUANTUM, SIMULATED

TICKS = 4_000
ONSET = 3_000

GOLDEN_PUMP = [92.0, 75.65, 5.53, 44.32, 1.97, 52.0]
GOLDEN_COMPRESSOR = [86.5, 19.9, 7.28, 39.24, 2.19, 42.25]


def a_fault(kind: FaultKind, *, at: int = ONSET, channel: int = 0, sensor: int = 0, over: int | None = None) -> Fault:
    shape = SHAPES[kind]
    end = None if shape.lasts is None else at + shape.lasts
    return Fault(
        kind=kind,
        at=at,
        end=end,
        size=shape.size,
        over=shape.over if over is None else over,
        channel=channel,
        sensor=sensor,
    )


def run(kind: str, *faults: Fault, seed: int = 10, sensors: int = 1, stops: int = 0) -> tuple[SensorBlock, ...]:
    return Machine(kind, seed, run_seed=42, sensors=sensors, faults=faults).advance(TICKS, stops=stops)


def channel(block: SensorBlock, kind: str, name: str) -> NDArray[np.float64]:
    names = [one.name for one in SIMULATED[kind]]
    return block.values[:, names.index(name)]


@pytest.mark.parametrize("kind", SIMULATED)
def test_the_same_seeds_give_the_same_values_to_the_bit(kind: str) -> None:
    assert run(kind)[0].values.tobytes() == run(kind)[0].values.tobytes()
    assert run(kind)[0].values.tobytes() != run(kind, seed=11)[0].values.tobytes()


def test_the_numbers_of_a_machine_are_for_ever() -> None:
    pump, compressor = run("pump")[0].values, run("compressor", seed=30)[0].values

    assert pump[1000].round(2).tolist() == GOLDEN_PUMP
    assert compressor[1000].round(2).tolist() == GOLDEN_COMPRESSOR


@pytest.mark.parametrize("kind", SIMULATED)
@pytest.mark.parametrize("fault", FaultKind)
def test_a_fault_changes_nothing_before_its_onset(kind: str, fault: FaultKind) -> None:
    healthy, failing = run(kind)[0], run(kind, a_fault(fault, channel=1))[0]

    np.testing.assert_array_equal(failing.values[:ONSET], healthy.values[:ONSET])
    assert set(failing.fault[:ONSET]) == {""}
    assert failing.fault[ONSET] == fault


@pytest.mark.parametrize("kind", SIMULATED)
def test_values_are_multiples_of_the_sensors_step(kind: str) -> None:
    block = run(kind)[0]

    for place, one in enumerate(SIMULATED[kind]):
        steps = block.values[:, place] / QUANTUM[one.name]
        np.testing.assert_allclose(steps, np.round(steps), atol=1e-6)


def test_flow_follows_speed_and_pressure_its_square() -> None:
    pump = run("pump")[0]
    speed = channel(pump, "pump", "speed") / 100
    settled = np.abs(speed - np.roll(speed, 30)) < 0.005
    levels = speed[settled]

    flow, pressure = channel(pump, "pump", "flow")[settled], channel(pump, "pump", "pressure")[settled]

    # Within what the process asks more or less than usual: 1.3 % of the flow.
    assert np.std(flow / levels) / np.mean(flow / levels) < 0.03
    assert np.std(pressure / levels**2) / np.mean(pressure / levels**2) < 0.03


def test_a_stopped_machine_neither_flows_nor_draws_current_and_starts_with_an_inrush() -> None:
    block = Machine("pump", 10, run_seed=3).advance(12_000, stops=1)[0]
    speed, flow = channel(block, "pump", "speed"), channel(block, "pump", "flow")
    current = channel(block, "pump", "current")
    still = np.flatnonzero(speed < 0.5)

    assert len(still) > 300
    assert flow[still[60:]].max() == 0
    assert current[still].max() == 0
    start = still[-1] + 1
    assert current[start : start + 10].max() > current[start + 200 : start + 400].max()


def test_every_sensor_of_a_machine_sees_the_same_speed_and_its_own_vibration() -> None:
    first, second = run("pump", sensors=2)

    speeds = [channel(block, "pump", "speed") for block in (first, second)]
    assert np.abs(speeds[0] - speeds[1]).max() < 1.5
    assert not np.allclose(channel(first, "pump", "vibration"), channel(second, "pump", "vibration"))


def test_the_first_sensor_does_not_depend_on_how_many_there_are() -> None:
    np.testing.assert_array_equal(run("fan", sensors=1)[0].values, run("fan", sensors=3)[0].values)


def test_blocks_join_without_a_jump() -> None:
    machine = Machine("pump", 10, run_seed=42)
    first, second = machine.advance(2_000)[0].values, machine.advance(2_000)[0].values

    steps = np.abs(np.diff(np.vstack([first, second]), axis=0))
    assert (steps[1_999] <= steps.max(axis=0)).all()
    assert steps[1_999][-1] <= 0.5  # temperature: slower than any jump


def test_a_bearing_wears_into_vibration_first_and_heat_later() -> None:
    healthy, worn = run("pump")[0], run("pump", a_fault(FaultKind.BEARING, at=500, over=600))[0]

    def rise(name: str, at: slice) -> float:
        return float(np.mean(channel(worn, "pump", name)[at]) - np.mean(channel(healthy, "pump", name)[at]))

    assert rise("vibration", slice(900, 1_000)) > 0.5
    assert rise("temperature", slice(900, 1_000)) < 1
    assert rise("temperature", slice(3_800, 4_000)) > 2


@pytest.mark.parametrize(("kind", "grows"), [("shift", 1.0), ("noise", 0.0)])
def test_shift_and_noise_are_sized_in_the_channels_own_noise(kind: str, grows: float) -> None:
    healthy, failing = run("environment")[0], run("environment", a_fault(FaultKind(kind), channel=2))[0]
    change = (failing.values - healthy.values)[ONSET : ONSET + 500, 2]

    shape = SHAPES[FaultKind(kind)]
    size = abs(float(change.mean())) if grows else float(change.std())
    assert size == pytest.approx(shape.size * 0.17, rel=0.4)  # vibration's noise is drawn from .12 to .22 mm/s


def test_a_spike_is_one_reading_long() -> None:
    healthy, failing = run("fan")[0], run("fan", a_fault(FaultKind.SPIKE, channel=3))[0]

    assert np.flatnonzero((healthy.values != failing.values).any(axis=1)).tolist() == [ONSET]


def test_a_stuck_channel_says_what_it_said_last() -> None:
    block = run("pump", a_fault(FaultKind.STUCK, channel=1))[0]

    assert set(block.values[ONSET - 1 :, 1]) == {block.values[ONSET - 1, 1]}
    assert len(set(block.values[ONSET:, 2])) > 10


def test_a_stuck_channel_stays_stuck_in_the_next_block() -> None:
    machine = Machine("pump", 10, run_seed=42, faults=[a_fault(FaultKind.STUCK, at=100, channel=1)])
    first, second = machine.advance(200)[0].values, machine.advance(200)[0].values

    assert set(second[:, 1]) == {first[99, 1]}


def test_a_silent_sensor_is_not_heard_while_the_others_are() -> None:
    first, second = run("pump", a_fault(FaultKind.SILENT, sensor=1), sensors=2)

    assert first.heard.all()
    assert second.heard[:ONSET].all()
    assert not second.heard[ONSET : ONSET + SHAPES[FaultKind.SILENT].lasts].any()  # type: ignore[operator]
