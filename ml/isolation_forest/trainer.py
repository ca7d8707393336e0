"""Fitting an isolation forest on readings and calibrating its threshold with the engine that will score."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np

from domain.profiles import ProfileDefined
from ml.detector import BoolArray, FloatArray
from ml.isolation_forest.detector import KIND, IsolationForestDetector, as_float32, raw_scores, to_artifact
from ml.isolation_forest.trees import flatten
from ml.training.trainer import Fitted, NotTrainable, TrainingRows

ROWS_A_TREE: Final = 256
"""ψ of Liu, Ting, Zhou (2008), section 4: detection stops improving there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolationForestTrainer:
    """A Trainer of isolation forests.

    The threshold is the (1 − contamination) quantile of the training rows' raw scores, linear between order statistics.
    """

    trees: int = 100
    seed: int = 20240229
    contamination: float = 0.005

    @property
    def settings(self) -> Mapping[str, str | int | float]:
        """Everything beside the rows that decides the forest."""
        return {
            "detector": KIND,
            "trees": self.trees,
            "rows_a_tree": ROWS_A_TREE,
            "seed": self.seed,
            "contamination": self.contamination,
        }

    @property
    def minimum_rows(self) -> int:
        """Fewest rows to train on: with fewer the quantile is no more than the largest score."""
        return ceil(1 / self.contamination)

    def fit(self, rows: TrainingRows, profile: ProfileDefined) -> Fitted:
        """Return a forest of the complete rows.

        Raises:
            NotTrainable: too few complete rows, a constant or a missing channel.
        """
        from sklearn.ensemble import IsolationForest  # noqa: PLC0415 - slow, and needed only to fit

        whole = np.asarray(~np.isnan(rows.values).any(axis=1))
        complete = rows.values[whole]
        self._check(rows.values, complete, profile)
        forest = IsolationForest(
            n_estimators=self.trees, max_samples=min(ROWS_A_TREE, len(complete)), random_state=self.seed
        ).fit(as_float32(complete))
        flat = flatten(forest)
        scores = raw_scores(flat, complete)
        threshold = float(np.quantile(scores, 1.0 - self.contamination))
        detector = IsolationForestDetector(
            channels=profile.channel_names,
            trees=flat,
            medians=np.median(complete, axis=0),
            threshold=threshold,
            rule=self.rule,
            parameters={**{name: str(value) for name, value in self.settings.items()}, "threshold_rule": self.rule},
        )
        return Fitted(
            artifact=to_artifact(detector),
            kinds=detector.kinds,
            metrics={
                "rows": float(len(complete)),
                "rows_incomplete": float(len(rows) - len(complete)),
                "threshold": threshold,
                "raw_score_median": float(np.median(scores)),
                "raw_score_largest": float(scores.max()),
                "share_above_threshold": float((scores > threshold).mean()),
                **self._expected(complete, profile),
            },
            parameters=detector.parameters,
            training_scores=_at(whole, scores / threshold),
        )

    @property
    def rule(self) -> str:
        """The threshold's rule as people read it."""
        return f"quantile {1.0 - self.contamination:g} of the training rows' raw scores"

    def _expected(self, complete: FloatArray, profile: ProfileDefined) -> dict[str, float]:
        """Return per channel the band that the training rows fill, as rare to leave as a score above the threshold."""
        edges = np.quantile(complete, [self.contamination, 1.0 - self.contamination], axis=0)
        return {
            f"expected_{edge}.{channel}": float(value)
            for edge, values in zip(("low", "high"), edges, strict=True)
            for channel, value in zip(profile.channel_names, values, strict=True)
        }

    def _check(self, values: FloatArray, complete: FloatArray, profile: ProfileDefined) -> None:
        absent = np.isnan(values)
        missing = [name for column, name in enumerate(profile.channel_names) if absent[:, column].all()]
        if len(values) and missing:
            raise NotTrainable(
                f"{profile.ref}: no reading measures {', '.join(missing)}: choose a range in which it is measured, "
                "or define a profile without it"
            )
        if len(complete) < self.minimum_rows:
            raise NotTrainable(
                f"{profile.ref}: {len(complete)} complete readings of {len(values)}, needed are {self.minimum_rows}: "
                "choose a longer range"
            )
        rounded = as_float32(complete)
        if not np.isfinite(rounded).all():
            raise NotTrainable(f"{profile.ref}: a value is beyond ±3.4e38, the range of the forest's numbers")
        constant = [
            name for name, same in zip(profile.channel_names, (rounded == rounded[0]).all(axis=0), strict=True) if same
        ]
        if constant:
            raise NotTrainable(
                f"{profile.ref}: {', '.join(constant)} never changes in these {len(complete)} readings: "
                "a stuck sensor, too short a range, or a channel to leave out of the profile"
            )


def new_trainer() -> IsolationForestTrainer:
    """Return the trainer with its defaults."""
    return IsolationForestTrainer()


def trainer_of(settings: Mapping[str, str | int | float]) -> IsolationForestTrainer:
    """Return the trainer that a manifest's settings describe; KeyError when they are not a forest's."""
    return IsolationForestTrainer(
        trees=int(settings["trees"]), seed=int(settings["seed"]), contamination=float(settings["contamination"])
    )


def _at(whole: BoolArray, ratios: FloatArray) -> FloatArray:
    """Return the ratios of the complete rows at their places among all: float64 (n, 1), NaN where not judged."""
    placed = np.full((len(whole), 1), np.nan)
    placed[whole, 0] = ratios
    return placed
