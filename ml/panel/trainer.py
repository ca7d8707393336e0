"""Fitting a panel on a profile's readings, with an isolation forest beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from domain.profiles import ProfileDefined, Role
from ml.detector import Batch, BoolArray, FloatArray, IntArray
from ml.isolation_forest import detector as forest
from ml.isolation_forest.detector import KIND as ISOLATION_FOREST
from ml.isolation_forest.trainer import IsolationForestTrainer
from ml.panel.at_work import RANGE, SILENT, silent_kinds, working_ranges
from ml.panel.cleaning import contaminated
from ml.panel.detector import PanelDetector, to_artifact
from ml.panel.options import OFF, SECOND, Options, options_as_dict, options_from
from ml.panel.parameters import DETECTOR, PanelParameters
from ml.panel.personal import NeverJudgeable
from ml.panel.rows import SensorRows, full_scale, operating
from ml.panel.tables import ALLOWANCE, STUCK_LIMIT
from ml.panel.training import train_panel
from ml.training.trainer import Fitted, NotTrainable, TrainingRows

LEAST_ROWS: Final = 300
"""Five minutes at a reading a second: below it medians and maxima say nothing, and the first 120 rows settle."""


class NotEnoughRows(ValueError):
    """No sensor has shown enough."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"no sensor has more than {most} usable readings in operation, a panel needs {LEAST_ROWS} of one sensor"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelTrainer:
    """A Trainer of panels. A sensor with too few rows is left to learn while it is scored."""

    options: Options = field(default_factory=Options)
    beside: IsolationForestTrainer = field(default_factory=IsolationForestTrainer)

    @property
    def settings(self) -> Mapping[str, str | int | float]:
        """The panel's options, and the forest's settings with their names prefixed."""
        return {
            "detector": DETECTOR,
            **options_as_dict(self.options),
            **{f"forest_{name}": value for name, value in self.beside.settings.items() if name != "detector"},
        }

    def fit(self, rows: TrainingRows, profile: ProfileDefined) -> Fitted:
        """Return panel and forest of the complete rows.

        1. The forest, which also refuses what can't be learned from. 2. Rows it finds contaminated are left out.
        3. The panel, on the sensors with enough rows in operation. 4. The rows' ratios, by the engine that will score.

        Raises:
            NotTrainable: too few rows, a constant or a missing channel, no channel to judge.
        """
        judged = [channel.name for channel in profile.channels if channel.role != Role.CONDITION]
        if not judged:
            raise NotTrainable(f"{profile.ref}: every channel is a condition, none is left to judge")
        fitted_forest = self.beside.fit(rows, profile)
        trees = forest.from_artifact(fitted_forest.artifact)
        complete = ~np.isnan(rows.values).any(axis=1)
        bad = np.zeros(len(rows), dtype=np.bool_)
        bad[complete] = contaminated(trees.raw_scores(rows.values[complete]))
        drivers = np.array(
            [column for column, channel in enumerate(profile.channels) if channel.role == Role.CONDITION],
            dtype=np.int64,
        )
        each = _by_sensor(
            rows, complete & ~bad, longest_gap=self.options.gap_intervals, interval_s=profile.expected_interval_s
        )
        try:
            enough = _with_enough_rows(each, drivers)
            trained = train_panel(enough, drivers, options=self.options, interval_s=profile.expected_interval_s)
        except (NotEnoughRows, NeverJudgeable) as error:
            raise NotTrainable(
                f"{profile.ref}: {error}; choose a longer range, or let an isolation forest judge each reading alone: "
                f"it takes {self.beside.minimum_rows} readings (--detector {ISOLATION_FOREST})"
            ) from error
        detector = PanelDetector(
            panel=PanelParameters(
                channels=profile.channel_names,
                interval_s=profile.expected_interval_s,
                options=self.options,
                tables=trained.tables,
                sensors=tuple((part.machine_id, part.sensor_id) for part in enough),
                numbers=trained.numbers,
                sharper=trained.sharper,
            ),
            forest=trees,
        )
        ratios = _ratios(detector, rows)
        return Fitted(
            artifact=to_artifact(detector),
            kinds=detector.kinds,
            metrics={
                **_metrics(ratios, self.options.kinds),
                "rows": float(sum(len(part) for part in enough)),
                "rows_incomplete": float((~complete).sum()),
                "rows_contaminated": float(bad.sum() + trained.strays),
                "sensors": float(len(enough)),
                "sensors_with_too_few_rows": float(len(rows.sensor_names) - len(enough)),
                **{f"forest_{name}": value for name, value in fitted_forest.metrics.items()},
            },
            parameters={
                **detector.parameters,
                **_limits_of_sensors(detector.panel),
                **_what_is_judged(detector.panel),
                "forest_threshold_rule": trees.rule,
            },
            training_scores=ratios,
        )


def new_trainer() -> PanelTrainer:
    """Return the trainer with its defaults."""
    return PanelTrainer()


def trainer_of(settings: Mapping[str, str | int | float]) -> PanelTrainer:
    """Return the trainer that a manifest's settings describe; KeyError when they are not a panel's."""
    return PanelTrainer(
        options=options_from(settings),
        beside=IsolationForestTrainer(
            trees=int(settings["forest_trees"]),
            seed=int(settings["forest_seed"]),
            contamination=float(settings["forest_contamination"]),
        ),
    )


def _by_sensor(rows: TrainingRows, kept: BoolArray, *, longest_gap: float, interval_s: float) -> list[SensorRows]:
    """Return each sensor's kept rows; a stretch begins after a gap, counted as in scoring between complete readings."""
    parts = []
    for sensor, (machine_id, sensor_id) in enumerate(rows.sensor_names):
        own = np.flatnonzero(kept & (rows.sensors == sensor))
        gaps = np.full(len(own), np.inf)
        gaps[1:] = np.diff(rows.recorded_at_us[own]) / (interval_s * 1e6)
        gaps[gaps <= longest_gap] = 0.0
        parts.append(
            SensorRows(
                machine_id=machine_id,
                sensor_id=sensor_id,
                values=np.ascontiguousarray(rows.values[own]),
                gaps=gaps,
            )
        )
    return parts


def _with_enough_rows(each: Sequence[SensorRows], drivers: IntArray) -> list[SensorRows]:
    scale = full_scale(each, drivers)
    counts = [int(operating(part.values, drivers, scale).sum()) for part in each]
    enough = [part for part, count in zip(each, counts, strict=True) if count >= LEAST_ROWS]
    if not enough:
        raise NotEnoughRows(max(counts, default=0))
    return enough


def _ratios(detector: PanelDetector, rows: TrainingRows) -> FloatArray:
    batch = Batch(values=rows.values, recorded_at_us=rows.recorded_at_us, sensors=rows.sensors)
    fresh = [detector.fresh(machine_id=machine, sensor_id=sensor) for machine, sensor in rows.sensor_names]
    return detector.score(batch, np.array(fresh).reshape(len(fresh), detector.state_size))[0].ratios


def _limits_of_sensors(panel: PanelParameters) -> dict[str, str]:
    """Return, per channel, what is each sensor's own: the allowance of its drift, in the channel's unit, and its limit.

    Least and largest of the known sensors. They belong to the training, not to the detector's parameters, whose hash
    stands in the log: a model that exists must keep it.
    """
    shown = {}
    for name, place in (("drift_allowance", ALLOWANCE), ("stuck_limit", STUCK_LIMIT)):
        for column, channel in enumerate(panel.channels):
            own = panel.numbers[:, place, column]
            own = own[own < OFF]
            if not len(own) or (place == ALLOWANCE and panel.tables.wanders[column]):
                continue
            least, largest = f"{own.min():.6g}", f"{own.max():.6g}"
            shown[f"{name}_{channel}"] = least if least == largest else f"{least} to {largest}"
    return shown


def _what_is_judged(panel: PanelParameters) -> dict[str, str]:
    """Return, per channel, which kinds don't judge it and why, and its working range."""
    if panel.options.generation < SECOND:
        return {}
    return {
        **{f"{SILENT}{channel}": why for channel, why in silent_kinds(panel).items()},
        **{f"{RANGE}{channel}": values for channel, values in working_ranges(panel).items()},
    }


def _metrics(ratios: FloatArray, kinds: Sequence[str]) -> dict[str, float]:
    """Return, of the panel's kinds, the share of training rows in alarm and not judged."""
    of_panel = ratios[:, : len(kinds)]
    judged = ~np.isnan(of_panel).all(axis=1)
    shares = {
        f"share_{kind}": float((of_panel[judged, column] > 1).mean()) if judged.any() else 0.0
        for column, kind in enumerate(kinds)
    }
    return {**shares, "share_unjudged": float((~judged).mean())}
