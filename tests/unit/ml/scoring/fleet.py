"""Healthy pumps in a log in memory, and panels trained on them."""

from collections.abc import Iterator, Sequence

from domain.readings import SensorReadingRecorded
from ml.panel.detector import PanelDetector, from_artifact
from ml.panel.trainer import PanelTrainer
from tests.builders import a_reading
from tests.unit.ml.panel.machines import PUMP, profile, pump_rows, training_rows

PUMPS = 3
PROFILE = profile(PUMP)


def a_panel(*, seed: int) -> PanelDetector:
    """Return a panel trained on an hour of each pump; another seed is another hour."""
    each = [pump_rows(3600, machine=machine, seed=seed) for machine in range(PUMPS)]
    return from_artifact(PanelTrainer().fit(training_rows(each), PROFILE).artifact)


def healthy(seconds: int, *, seed: int = 40, machines: Sequence[str] = ()) -> Iterator[SensorReadingRecorded]:
    """Yield a reading a second of each pump, in turn."""
    names = machines or [f"machine-{machine}" for machine in range(PUMPS)]
    each = [pump_rows(seconds, machine=machine, seed=seed + machine) for machine in range(len(names))]
    for second in range(seconds):
        for name, rows in zip(names, each, strict=True):
            measured = dict(zip(PUMP, rows[second].tolist(), strict=True))
            yield a_reading(second, machine_id=name, sensor_id="main", profile="pump@1", measurements=measured)
