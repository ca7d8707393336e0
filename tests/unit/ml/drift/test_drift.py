"""Drift: none when the stream is as in training, whatever the seed; found when it is not."""

from functools import cache

import numpy as np
import pytest

from ml.artifact import Artifact, pack, unpack
from ml.detector import FloatArray, IntArray
from ml.population_shift.measure import LEAST_READINGS, SignalDrift, measure
from ml.population_shift.reference import BINS, DriftReference, counts_of, reference_of, with_reference
from ml.population_shift.stability import stability_index

HOUR = 3600
CHANNELS = ("load", "temperature", "vibration")
KINDS = ("spike",)


@cache
def a_stream(seed: int, rows: int = 2 * HOUR) -> tuple[FloatArray, FloatArray]:
    """Return a machine that changes its load every few minutes, warms up slowly, and shakes; and its scores."""
    chance = np.random.default_rng(seed)
    steps = chance.choice([0.6, 0.8, 1.0], size=rows // 240 + 2)
    load = np.repeat(steps, 240)[chance.integers(240) :][:rows]
    noise = chance.normal(size=rows)
    shake, warm = np.zeros(rows), np.zeros(rows)
    for row in range(1, rows):
        shake[row] = 0.9 * shake[row - 1] + noise[row]
        warm[row] = warm[row - 1] + (load[row] - warm[row - 1]) / 60
    values = np.stack([load, 40 + 20 * warm + chance.normal(0, 0.5, rows), 2 * load + 0.1 * shake], axis=1)
    ratios = np.abs(noise)[:, np.newaxis] / 4
    for array in (values, ratios):
        array.flags.writeable = False  # several tests look at them
    return values, ratios


def trained_on(values: FloatArray, ratios: FloatArray) -> DriftReference:
    at_us = np.arange(len(values), dtype=np.int64) * 1_000_000
    artifact = with_reference(Artifact(header={}, arrays={}), values=values, ratios=ratios, recorded_at_us=at_us)
    reference = reference_of(unpack(pack(artifact)), channels=CHANNELS, kinds=KINDS)
    assert reference is not None
    return reference


def counted(reference: DriftReference, values: FloatArray, ratios: FloatArray) -> IntArray:
    signals = np.concatenate([values, ratios], axis=1)
    return np.stack(
        [
            counts_of(edges, column, count_missing=place < len(CHANNELS))
            for place, (edges, column) in enumerate(zip(reference.edges, signals.T, strict=True))
        ]
    )


def drift_of(
    reference: DriftReference, values: FloatArray, ratios: FloatArray, *, window_s: float | None = None
) -> dict[str, SignalDrift]:
    found = measure(reference, counted(reference, values, ratios), window_s=window_s or len(values))
    return {one.name: one for one in found}


@pytest.mark.parametrize("seed", range(8))
def test_the_training_set_itself_and_the_hour_after_it_are_inside_the_band(seed: int) -> None:
    values, ratios = a_stream(seed)
    reference = trained_on(values[:HOUR], ratios[:HOUR])

    same = drift_of(reference, values[:HOUR], ratios[:HOUR])
    after = drift_of(reference, values[HOUR:], ratios[HOUR:])

    assert [one.index for one in same.values()] == [0.0] * 4
    assert not [one for one in (*same.values(), *after.values()) if one.outside]


@pytest.mark.parametrize("length", [300, 900])
def test_of_many_short_windows_of_the_same_stream_hardly_any_is_outside(length: int) -> None:
    outside = windows = 0
    for seed in range(20, 25):
        values, ratios = a_stream(seed)
        reference = trained_on(values[:HOUR], ratios[:HOUR])
        for begins in range(HOUR, 2 * HOUR - length + 1, length):
            part = slice(begins, begins + length)
            windows += 1
            outside += any(one.outside for one in drift_of(reference, values[part], ratios[part]).values())

    assert windows >= 20
    assert outside <= 0.05 * windows


@pytest.mark.parametrize("seed", range(4))
def test_a_channel_that_moves_by_its_own_spread_is_outside_and_named(seed: int) -> None:
    values, ratios = a_stream(seed)
    reference = trained_on(values[:HOUR], ratios[:HOUR])
    moved = values[HOUR:].copy()
    moved[:, 1] += 1.5 * values[:HOUR, 1].std()

    found = drift_of(reference, moved, ratios[HOUR:])

    assert [name for name, one in found.items() if one.outside] == ["temperature"]


def test_scores_that_double_are_outside() -> None:
    values, ratios = a_stream(1)
    reference = trained_on(values[:HOUR], ratios[:HOUR])

    found = drift_of(reference, values[HOUR:], 2 * ratios[HOUR:])

    assert [name for name, one in found.items() if one.outside] == ["spike"]


def test_a_channel_that_is_no_longer_measured_is_outside() -> None:
    values, ratios = a_stream(1)
    reference = trained_on(values[:HOUR], ratios[:HOUR])
    blind = values[HOUR:].copy()
    blind[::2, 2] = np.nan

    assert drift_of(reference, blind, ratios[HOUR:])["vibration"].outside


def test_a_sample_of_the_window_widens_the_band() -> None:
    values, ratios = a_stream(2)
    reference = trained_on(values[:HOUR], ratios[:HOUR])

    whole = drift_of(reference, values[HOUR:], ratios[HOUR:])
    sampled = drift_of(reference, values[HOUR::30], ratios[HOUR::30], window_s=HOUR)

    assert sampled["spike"].readings == HOUR // 30
    assert sampled["spike"].usual_up_to > whole["spike"].usual_up_to


@pytest.mark.parametrize("seed", range(30, 36))
def test_scores_of_a_model_that_has_just_begun_to_judge_are_held_against_short_windows(seed: int) -> None:
    values, ratios = a_stream(seed)
    ratios = values[:, 2:] / 4  # scores that wander with the load
    reference = trained_on(values[:HOUR], ratios[:HOUR])
    begun = np.full((HOUR, 1), np.nan)
    begun[-150:] = ratios[-150:]

    found = drift_of(reference, values[HOUR:], begun)["spike"]

    assert found.readings == 150
    assert not found.outside


def test_a_score_that_nobody_gave_leaves_the_other_bands_as_they_are() -> None:
    values, ratios = a_stream(2)
    reference = trained_on(values[:HOUR], ratios[:HOUR])

    judged = drift_of(reference, values[HOUR:], ratios[HOUR:])
    unjudged = drift_of(reference, values[HOUR:], np.full((HOUR, 1), np.nan))

    assert (unjudged["spike"].index, unjudged["spike"].readings, unjudged["spike"].outside) == (0.0, 0, False)
    for name in CHANNELS:
        assert unjudged[name].usual_up_to < 1.5 * judged[name].usual_up_to


def test_few_readings_say_nothing() -> None:
    values, ratios = a_stream(3)
    reference = trained_on(values[:HOUR], ratios[:HOUR])
    few = LEAST_READINGS - 1

    assert not any(one.outside for one in drift_of(reference, values[:few] + 50, ratios[:few]).values())


def test_the_index_is_the_sum_over_bins() -> None:
    reference, live = np.array([[60, 40]]), np.array([[30, 70]])

    (index,) = stability_index(reference, live)

    expected, found = np.array([60.5, 40.5]) / 101, np.array([30.5, 70.5]) / 101
    assert index == pytest.approx(((found - expected) * np.log(found / expected)).sum())


def test_a_reference_has_blocks_of_a_minute_and_bins_of_equal_share() -> None:
    values, ratios = a_stream(1)
    reference = trained_on(values[:HOUR], ratios[:HOUR])

    assert reference.counts.shape[0] == 59
    assert reference.counts.shape[2] == BINS + 1
    assert reference.counts[:, 1].sum(axis=0).tolist() == [360] * BINS + [0]


def test_a_model_of_an_earlier_version_has_no_reference() -> None:
    assert reference_of(Artifact(header={}, arrays={}), channels=CHANNELS, kinds=KINDS) is None
