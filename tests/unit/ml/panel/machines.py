"""Small made-up machines for the tests of the panel, from seeds.

A pump: speed in steps of load, flow in proportion, vibration with its square, temperature with its cube and minutes
late; each with its own noise, rounded as a converter does. A room has no driver: two levels and noise.
"""

from collections.abc import Sequence

import numpy as np

from domain.profiles import Channel, ProfileDefined, Role
from ml.detector import Batch, FloatArray, IntArray
from ml.panel.detector import PanelDetector, from_artifact
from ml.panel.trainer import PanelTrainer
from ml.training.trainer import TrainingRows

SECOND = 1_000_000
PUMP = ("speed", "flow", "vibration", "temperature")
ROOM = ("temperature", "pressure")


def pump_rows(count: int, *, machine: int = 0, seed: int = 1, stop_at: int | None = None) -> FloatArray:
    """Return float64 (count, 4); the load changes every ten minutes, with a ramp of 4 % a second."""
    rng = np.random.default_rng([machine, seed])
    size = 1 + 0.1 * np.random.default_rng([machine]).uniform(-1, 1, 3)
    levels = [rng.permutation([0.6, 0.75, 0.9, 1.0]) for _ in range(count // 2400 + 1)]
    target = np.repeat(np.concatenate(levels), 600)[:count]
    if stop_at is not None:
        target[stop_at : stop_at + 600] = 0.0
    load = np.empty(count)
    heat = np.empty(count)
    at, warm = target[0], target[0] ** 3
    for second in range(count):
        at += min(0.04, max(-0.04, target[second] - at))
        warm += (at**3 - warm) / 600
        load[second], heat[second] = at, warm
    noise = rng.normal(size=(count, 4)) * [0.1, 0.6, 0.08, 0.12]
    values = np.column_stack([100 * load, 95 * size[0] * load, 0.5 + 1.8 * size[1] * load**2, 22 + 30 * size[2] * heat])
    return np.round((values + noise * (load > 0)[:, np.newaxis]) / 0.02) * 0.02


def room_rows(count: int, *, machine: int = 0, seed: int = 1) -> FloatArray:
    """Return float64 (count, 2)."""
    rng = np.random.default_rng([7, machine, seed])
    return np.round(np.array([21.0 + machine, 100.5]) + rng.normal(size=(count, 2)) * [0.1, 0.05], 2)


def profile(names: Sequence[str], *, interval_s: float = 1.0) -> ProfileDefined:
    """Return a profile whose channel `speed`, if it has one, is its condition."""
    return ProfileDefined(
        name="pump" if "speed" in names else "room",
        version=1,
        channels=tuple(
            Channel(
                name=name,
                unit="",
                role=Role.CONDITION if name == "speed" else Role.RESPONSE,
                minimum=-1e6,
                maximum=1e6,
            )
            for name in names
        ),
        expected_interval_s=interval_s,
    )


def training_rows(each: Sequence[FloatArray]) -> TrainingRows:
    """Return the rows of several machines, one sensor each, a reading a second."""
    counts = [len(rows) for rows in each]
    total = sum(counts)
    return TrainingRows(
        values=np.concatenate(list(each)),
        recorded_at_us=np.concatenate([seconds(count) for count in counts]),
        partitions=np.zeros(total, np.int64),
        offsets=np.arange(total, dtype=np.int64),
        sensors=np.repeat(np.arange(len(each)), counts),
        sensor_names=tuple((f"machine-{machine}", "main") for machine in range(len(each))),
    )


def seconds(count: int, start: int = 0) -> IntArray:
    """Return device times, one a second, in µs."""
    return (start + np.arange(count, dtype=np.int64)) * SECOND


def trained_pump(hours: float = 1.0, machines: int = 3) -> PanelDetector:
    """Return a panel trained on an hour of each pump."""
    each = [pump_rows(int(hours * 3600), machine=machine) for machine in range(machines)]
    return from_artifact(PanelTrainer().fit(training_rows(each), profile(PUMP)).artifact)


def trained_room(rows: int = 3600) -> PanelDetector:
    """Return a panel trained on two rooms."""
    each = [room_rows(rows, machine=machine) for machine in range(2)]
    return from_artifact(PanelTrainer().fit(training_rows(each), profile(ROOM)).artifact)


def state_of(detector: PanelDetector, machine: int = 0) -> FloatArray:
    """Return the fresh state of one machine's sensor: float64 (1, size)."""
    return detector.fresh(machine_id=f"machine-{machine}", sensor_id="main")[np.newaxis]


def batch(values: FloatArray, *, start: int = 0) -> Batch:
    """Return the readings of one sensor, one a second."""
    return Batch(values=values, recorded_at_us=seconds(len(values), start), sensors=np.zeros(len(values), np.int64))
