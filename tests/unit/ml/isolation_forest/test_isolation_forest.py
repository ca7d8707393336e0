"""The forest judges as scikit-learn's does, says why, and does not care how readings are cut into batches."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ml.artifact import NotAnArtifact, pack, unpack
from ml.detector import Detector, FloatArray
from ml.isolation_forest.detector import IsolationForestDetector, from_artifact, to_artifact
from ml.isolation_forest.trainer import ROWS_A_TREE, IsolationForestTrainer
from ml.loading import load_detector
from ml.training.trainer import NotTrainable
from tests.unit.ml.rows import a_batch, a_profile, healthy_values, training_rows

NO_STATE = np.empty((1, 0))


def trained(values: FloatArray, *, trees: int = 25) -> IsolationForestDetector:
    channels = tuple(f"channel-{index}" for index in range(values.shape[1]))
    fitted = IsolationForestTrainer(trees=trees).fit(training_rows(values), a_profile(*channels))
    return from_artifact(unpack(pack(fitted.artifact)))


def sklearn_forest(*, trees: int, rows_a_tree: int) -> Any:
    from sklearn.ensemble import IsolationForest  # noqa: PLC0415 - slow, and every worker collects this file

    return IsolationForest(n_estimators=trees, max_samples=rows_a_tree, random_state=20240229)


def sklearn_scores(values: FloatArray, judged: FloatArray, *, trees: int = 25) -> FloatArray:
    forest = sklearn_forest(trees=trees, rows_a_tree=min(ROWS_A_TREE, len(values)))
    scores: FloatArray = -forest.fit(values.astype(np.float32)).score_samples(judged.astype(np.float32))
    return scores


@pytest.mark.parametrize(("rows", "channels"), [(200, 1), (600, 3), (5_000, 12)])
def test_scores_are_those_of_scikit_learn(rows: int, channels: int) -> None:
    values = healthy_values(rows, channels)
    judged = np.vstack([healthy_values(400, channels, seed=6), healthy_values(400, channels, seed=7) * 1.7, values])

    verdicts, _ = trained(values).score(a_batch(judged), NO_STATE)

    np.testing.assert_allclose(verdicts.raw[:, 0], sklearn_scores(values, judged), rtol=0, atol=1e-12)


def test_a_value_that_lies_on_a_split_goes_the_same_way_as_in_scikit_learn() -> None:
    values = np.round(healthy_values(500, 2), 1)
    forest = sklearn_forest(trees=25, rows_a_tree=256).fit(values.astype(np.float32))
    splits = np.concatenate([tree.tree_.threshold[tree.tree_.feature >= 0] for tree in forest.estimators_])
    around = np.concatenate([splits, np.nextafter(splits, np.inf), np.nextafter(splits, -np.inf)])
    judged = np.stack([around, around[::-1]], axis=1)

    verdicts, _ = trained(values).score(a_batch(judged), NO_STATE)

    np.testing.assert_allclose(verdicts.raw[:, 0], sklearn_scores(values, judged), rtol=0, atol=1e-12)


def test_any_split_into_batches_gives_equal_bits() -> None:
    detector = trained(healthy_values())
    judged = healthy_values(500, seed=9) * 1.2
    whole, _ = detector.score(a_batch(judged), NO_STATE)
    rng = np.random.default_rng(3)

    for _ in range(200):
        cuts = np.sort(rng.integers(0, len(judged), rng.integers(0, 40)))
        pieces = [detector.score(a_batch(piece), NO_STATE)[0].ratios for piece in np.split(judged, cuts)]
        assert np.concatenate(pieces).tobytes() == whole.ratios.tobytes()

    one_by_one = [detector.score(a_batch(judged[[row]]), NO_STATE)[0].ratios for row in range(len(judged))]
    assert np.concatenate(one_by_one).tobytes() == whole.ratios.tobytes()


def test_the_threshold_is_the_stated_quantile_and_a_ratio_above_one_is_abnormal() -> None:
    values = healthy_values(1_000)
    detector = trained(values)
    verdicts, _ = detector.score(a_batch(values), NO_STATE)

    assert detector.threshold == np.quantile(verdicts.raw, 0.995)
    assert (verdicts.ratios > 1).sum() == 5
    assert detector.rule == "quantile 0.995 of the training rows' raw scores"


def test_the_same_rows_make_the_same_bytes() -> None:
    first = IsolationForestTrainer(trees=10).fit(training_rows(healthy_values()), a_profile())
    second = IsolationForestTrainer(trees=10).fit(training_rows(healthy_values()), a_profile())
    other = IsolationForestTrainer(trees=10, seed=1).fit(training_rows(healthy_values()), a_profile())

    assert pack(first.artifact) == pack(second.artifact)
    assert pack(first.artifact) != pack(other.artifact)


def test_a_row_without_one_of_the_channels_is_not_judged_and_leaves_its_neighbours_alone() -> None:
    detector = trained(healthy_values())
    judged = healthy_values(9, seed=2)
    complete, _ = detector.score(a_batch(judged), NO_STATE)
    judged[4, 1] = np.nan

    verdicts, _ = detector.score(a_batch(judged), NO_STATE)

    assert verdicts.unjudged.tolist() == [row == 4 for row in range(9)]
    assert np.isnan(verdicts.ratios[4, 0])
    assert np.delete(verdicts.ratios, 4).tobytes() == np.delete(complete.ratios, 4).tobytes()


def test_the_channel_that_is_off_contributes_most() -> None:
    detector = trained(healthy_values(2_000), trees=100)
    judged = np.tile(detector.medians, (2, 1))
    judged[1, 2] += 40.0
    batch = a_batch(judged)

    why = detector.explain(batch, NO_STATE, rows=np.array([1]), kinds=np.array([0]))

    assert why.expected.tolist() == [detector.medians.tolist()]
    assert why.contribution.argmax() == 2
    assert why.contribution[0, 2] > 0.1
    assert why.contribution[0, :2].tolist() == [0.0, 0.0]


def test_a_value_beyond_float32_is_judged_without_complaint() -> None:
    detector = trained(healthy_values())
    judged = np.full((1, 3), 1e300)

    verdicts, _ = detector.score(a_batch(judged), NO_STATE)

    assert verdicts.ratios[0, 0] > 1


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (healthy_values(199), "199 complete readings of 199, needed are 200"),
        (healthy_values(400) * [1, 0, 1], "pressure never changes in these 400 readings"),
        (healthy_values(400) * [1, 1, np.nan], "no reading measures vibration"),
        (healthy_values(400) * [1, 1, 1e200], "beyond"),
        (np.where(np.arange(400)[:, None] % 4, np.nan, healthy_values(400)), "100 complete readings of 400"),
        (np.empty((0, 3)), "0 complete readings of 0"),
    ],
)
def test_rows_that_make_no_model_are_refused_with_the_reason(values: FloatArray, says: str) -> None:
    with pytest.raises(NotTrainable, match=says):
        IsolationForestTrainer(trees=5).fit(training_rows(values), a_profile())


def test_a_model_is_read_back_from_its_bytes_whole() -> None:
    detector = trained(healthy_values())
    again: Detector = load_detector(pack(to_artifact(detector)))
    judged = a_batch(healthy_values(50, seed=4))

    assert again.channels == ("channel-0", "channel-1", "channel-2")
    assert again.threshold == detector.threshold
    assert again.parameters == detector.parameters
    assert again.score(judged, NO_STATE)[0].raw.tobytes() == detector.score(judged, NO_STATE)[0].raw.tobytes()


def test_arrays_that_would_lead_the_walk_astray_are_refused() -> None:
    artifact = to_artifact(trained(healthy_values(), trees=5))
    wild = {**artifact.arrays, "channel": artifact.arrays["channel"] + np.int8(50)}
    short = {**artifact.arrays, "path": artifact.arrays["path"][:, :-1]}

    for arrays in (wild, short):
        with pytest.raises(NotAnArtifact, match="don't fit together"):
            from_artifact(replace(artifact, arrays=arrays))
