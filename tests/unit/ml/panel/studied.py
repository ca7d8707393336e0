"""Rows that the detection study's own program has judged too; its numbers stand in study_numbers.json.

Each case is a profile, an expected interval, healthy rows of its machines and the rows of one machine with a fault of
every kind. The faults are so far apart that each opens an incident of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.detector import FloatArray
from tests.unit.ml.panel.machines import pump_rows, room_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """training: rows per machine; judged: rows of machine `machine`; drivers: columns of the conditions."""

    drivers: tuple[int, ...]
    interval_s: float
    training: Sequence[FloatArray]
    judged: FloatArray
    machine: int


def with_faults(values: FloatArray, sizes: Sequence[float], *, first: int) -> FloatArray:
    """Return `values` with faults a thousand rows apart from `first` on; sizes: ordinary scatter of the last columns.

    A spike, every channel a little off in one row, a shift, a held value, scatter, a drift to the end.
    """
    rows, size = values.copy(), np.asarray(sizes)
    columns = np.arange(values.shape[1] - len(size), values.shape[1])
    rng = np.random.default_rng(3)
    rows[first, columns[0]] += 12 * size[0]
    rows[first + 1000, columns] += 5 * size
    rows[first + 2000 : first + 2100, columns[-1]] += 8 * size[-1]
    rows[first + 3000 : first + 3060, columns[0]] = rows[first + 2999, columns[0]]
    rows[first + 4000 : first + 4200, columns[1]] += rng.normal(size=200) * 3 * size[1]
    since = np.arange(len(rows)) - (first + 5000)
    rows[:, columns[1]] += size[1] * np.clip(since / 100, 0, 20)
    return rows


def wandering(values: FloatArray, machine: int, height: float) -> FloatArray:
    """Return `values` with a slow swing of their own in the first column."""
    swing = height * np.sin(2 * np.pi * (np.arange(len(values)) / 2700 + machine / 5))
    return np.column_stack([values[:, 0] + swing, values[:, 1:]])


def cases() -> dict[str, Case]:
    """Return the cases by name."""
    pump_noise, room_noise = (0.6, 0.08, 0.12), (0.1, 0.05)
    pump = with_faults(pump_rows(12_000, machine=1, seed=9, stop_at=1200), pump_noise, first=3350)
    return {
        "an hour of three pumps": Case(
            drivers=(0,),
            interval_s=1.0,
            training=[pump_rows(3600, machine=machine) for machine in range(3)],
            judged=pump,
            machine=1,
        ),
        "two conditions, one machine, half an hour": Case(
            drivers=(0, 3),
            interval_s=1.0,
            training=[pump_rows(2400, machine=1)],
            judged=with_faults(pump_rows(9000, machine=1, seed=9), (*pump_noise[:2], 0.0), first=2150),
            machine=0,
        ),
        "an hour of two rooms without conditions": Case(
            drivers=(),
            interval_s=1.0,
            training=[wandering(room_rows(3600, machine=machine), machine, 0.05) for machine in range(2)],
            judged=with_faults(wandering(room_rows(9000, machine=1, seed=5), 1, 0.05), room_noise, first=2000),
            machine=1,
        ),
        "a channel that swings by itself": Case(
            drivers=(),
            interval_s=1.0,
            training=[wandering(room_rows(3600, machine=machine), machine, 1.0) for machine in range(2)],
            judged=with_faults(wandering(room_rows(9000, machine=1, seed=5), 1, 1.0), room_noise, first=2000),
            machine=1,
        ),
        "two days of a reading a minute": Case(
            drivers=(),
            interval_s=60.0,
            training=[wandering(room_rows(3600, machine=machine), machine, 0.2) for machine in range(2)],
            judged=with_faults(wandering(room_rows(9000, machine=0, seed=5), 0, 0.2), room_noise, first=2000),
            machine=0,
        ),
        "four hundred rows": Case(
            drivers=(),
            interval_s=1.0,
            training=[room_rows(400)],
            judged=with_faults(room_rows(9000, seed=5), room_noise, first=2000),
            machine=0,
        ),
    }
