"""Builders of training rows and profiles for the tests of ml."""

import numpy as np

from domain.profiles import Channel, ProfileDefined, Role
from ml.detector import Batch, FloatArray
from ml.training.trainer import TrainingRows


def a_profile(*channels: str, name: str = "pump", version: int = 1) -> ProfileDefined:
    names = channels or ("flow", "pressure", "vibration")
    return ProfileDefined(
        name=name,
        version=version,
        channels=tuple(
            Channel(name=channel, unit="", role=Role.RESPONSE, minimum=-1e9, maximum=1e9) for channel in names
        ),
        expected_interval_s=1.0,
    )


def healthy_values(rows: int = 600, channels: int = 3, seed: int = 5) -> FloatArray:
    values: FloatArray = np.random.default_rng(seed).normal(20.0, 3.0, (rows, channels))
    return values


def training_rows(values: FloatArray) -> TrainingRows:
    count = len(values)
    return TrainingRows(
        values=values,
        recorded_at_us=np.arange(count, dtype=np.int64) * 1_000_000,
        partitions=np.zeros(count, np.int64),
        offsets=np.arange(count, dtype=np.int64),
        sensors=np.zeros(count, np.int64),
        sensor_names=(("pump-1", "pump-1"),),
    )


def a_batch(values: FloatArray) -> Batch:
    count = len(values)
    return Batch(
        values=values,
        recorded_at_us=np.arange(count, dtype=np.int64) * 1_000_000,
        sensors=np.zeros(count, np.int64),
    )
