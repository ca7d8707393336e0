"""Channels that can't be learned from are left out of training by name, and the rest is trained and judged."""

import numpy as np

from ml.artifact import pack
from ml.detector import Batch
from ml.isolation_forest.trainer import IsolationForestTrainer
from ml.loading import load_detector
from ml.training.channels import left_out
from ml.training.train import _fit
from ml.training.trainer import TrainingRows
from tests.builders import a_profile

PROFILE = a_profile("pump", channels=("inlet", "standby", "rare", "dead"))


def rows(count: int = 600) -> TrainingRows:
    values = np.full((count, 4), np.nan)
    values[:, 0] = np.random.default_rng(7).normal(7.1, 0.03, count)
    values[:, 1] = 0.0
    values[::10, 2] = np.arange(len(values[::10]))
    return TrainingRows(
        values=values,
        recorded_at_us=np.arange(count, dtype=np.int64) * 1_000_000,
        partitions=np.zeros(count, np.int64),
        offsets=np.arange(count, dtype=np.int64),
        sensors=np.zeros(count, np.int64),
        sensor_names=(("m", "s"),),
    )


def test_constant_rare_and_dead_channels_are_named_with_their_reason() -> None:
    assert left_out(rows().values, PROFILE) == {
        "standby": "never changes (0)",
        "rare": "is measured in 10.0% of the rows",
        "dead": "is never measured",
    }


def test_the_other_channels_are_trained_and_readings_of_all_channels_judged() -> None:
    fitted = _fit(rows(), PROFILE, IsolationForestTrainer())
    detector = load_detector(pack(fitted.artifact))
    values = np.array([[7.1, 0.0, np.nan, np.nan], [9.9, 1.0, 3.0, np.nan]])
    batch = Batch(values=values, recorded_at_us=np.array([0, 1]), sensors=np.zeros(2, np.int64))

    verdicts, states = detector.score(batch, np.zeros((1, detector.state_size)))
    why = detector.explain(batch, states, rows=np.array([1]), kinds=np.array([0]))

    assert detector.channels == PROFILE.channel_names
    assert "standby never changes" in fitted.parameters["channels_left_out"]
    assert verdicts.ratios[0, 0] < 1 < verdicts.ratios[1, 0]
    assert np.isnan(why.expected[0, 1:]).all()
