"""Thresholds keep their price on data they have not seen, and formulas stand where they were argued."""

import numpy as np
import pytest

from ml.panel.calibration import longest_run, quantum_of, tail_threshold
from ml.panel.features import driver_features
from ml.panel.learning import stuck_limit
from ml.panel.options import OFF


def test_a_threshold_is_passed_about_as_often_as_it_was_bought_for() -> None:
    rng = np.random.default_rng(8)
    passed = 0
    for _ in range(60):
        threshold = tail_threshold([np.abs(rng.normal(size=3600))], per_day=2.0, spacing_s=1.0)
        passed += int((np.abs(rng.normal(size=86_400)) > threshold).sum())

    assert 0.2 * 120 < passed < 3 * 120


def test_a_threshold_is_never_below_the_largest_healthy_score() -> None:
    scores = np.random.default_rng(1).normal(size=3000)
    scores[700] = 9.0

    assert tail_threshold([scores], per_day=0.02, spacing_s=1.0, above_largest=1.2) >= 1.2 * 9.0 - 1e-12


def test_a_longest_run_and_a_quantum_are_what_they_say() -> None:
    assert longest_run(np.array([True, True, False, True, True, True, False])) == 3
    assert longest_run(np.zeros(4, dtype=np.bool_)) == 0
    assert quantum_of(np.array([1.0, 1.0, 1.5, 1.25])) == 0.25
    assert quantum_of(np.ones(3)) == 0.0


def test_a_channel_that_hardly_ever_moves_cannot_be_stuck() -> None:
    assert stuck_limit(0.999, 3000.0, True, 1.0, 0.004) == OFF
    assert stuck_limit(0.3, 9.0, False, 1.0, 0.004) == OFF


def test_a_run_must_be_longer_than_chance_and_than_twice_what_training_showed() -> None:
    assert stuck_limit(0.0, 0.0, True, 1.0, 0.004) == 10.0
    assert stuck_limit(0.5, 20.0, True, 1.0, 0.004) == 45.0
    assert stuck_limit(0.5, 8.0, True, 1.0, 0.004) == pytest.approx(np.log(86_400 * 0.5 / 0.004) / np.log(2))


def test_features_follow_the_driver_at_once_and_late_and_begin_anew_after_a_gap() -> None:
    drivers = np.concatenate([np.full(10, 0.5), np.full(600, 1.0)])[:, np.newaxis]
    restarts = np.zeros(610, dtype=np.bool_)
    restarts[0] = True

    features = driver_features(drivers, restarts, 1.0)
    restarts[10] = True
    anew = driver_features(drivers, restarts, 1.0)

    np.testing.assert_allclose(features[9], [0.5, 0.25, 0.125, 0.5, 0.25, 0.125, 0.125, 0.125])
    np.testing.assert_allclose(features[10, :3], 1.0)
    assert features[70, 5] == pytest.approx(1 - 0.875 * np.exp(-61 / 60))
    np.testing.assert_allclose(anew[10], 1.0)
