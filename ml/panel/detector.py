"""The panel as the scorer knows it: a Detector over batches in which the readings of many sensors are mixed."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final

import numpy as np

from ml.artifact import Artifact
from ml.detector import Batch, BoolArray, Explanations, FloatArray, IntArray, Verdicts
from ml.isolation_forest import detector as forest
from ml.isolation_forest.detector import IsolationForestDetector
from ml.panel import parameters as panel
from ml.panel.arrivals import arrive
from ml.panel.compiled import RUNTIME
from ml.panel.kernel import Findings, empty_findings, run_panel
from ml.panel.learning import provisional
from ml.panel.options import KINDS, OFF, WRITTEN_ONLY, Pace, options_as_dict, pace_of
from ml.panel.parameters import PanelParameters
from ml.panel.sharper import Packed, packed
from ml.panel.state import LEARNING, fresh_state, state_size
from ml.panel.verdict import kinds_at_work, ratios_of, raw_of

_FOREST: Final = "forest."
_MICROSECONDS: Final = 1e6

_APART_FROM: Final = 500
"""Rows from which on handing them to a second thread costs less than it saves."""


@dataclass(frozen=True)
class PanelDetector:
    """A trained panel, and beside it an isolation forest whose ratio is written down but calls nobody; a Detector.

    A reading that lacks a channel is not judged and leaves the state as it is.
    """

    panel: PanelParameters
    forest: IsolationForestDetector | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the panel, then the forest."""
        return self._own_kinds if self.forest is None else (*self._own_kinds, *self.forest.kinds)

    @property
    def votes(self) -> tuple[bool, ...]:
        """The panel's kinds make a reading abnormal; neither its wear nor the forest does."""
        return tuple(kind in self._own_kinds and kind not in WRITTEN_ONLY for kind in self.kinds)

    @property
    def channels(self) -> tuple[str, ...]:
        """The profile's channels."""
        return self.panel.channels

    @property
    def threshold(self) -> float:
        """NaN: every kind and channel has its own."""
        return float("nan")

    @property
    def runtime(self) -> str:
        """Engine of the compiled pass, which is also the forest's."""
        return RUNTIME

    @property
    def state_size(self) -> int:
        """Floats of state per sensor."""
        return state_size(
            channels=len(self.channels),
            drivers=len(self.panel.tables.drivers),
            generation=self.panel.options.generation,
        )

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """Options, and the thresholds per judged channel."""
        tables = self.panel.tables
        limits = {
            f"{name}_{channel}": f"{getattr(tables, name)[column]:.6g}"
            for name in ("spike_limit", "shift_limit", "noise_limit", "band_limit")
            for column, channel in enumerate(self.channels)
            if tables.judged[column] and getattr(tables, name)[column] < OFF
        }
        at_work = [kind for kind, works in zip(self._own_kinds, self._at_work, strict=True) if works]
        return {
            "detector": panel.DETECTOR,
            "kinds_at_work": ", ".join(at_work),
            "sensors": str(len(self.panel.sensors)),
            "joint_limit": f"{tables.joint_limit[0]:.6g}",
            **limits,
            **{name: f"{value:g}" for name, value in options_as_dict(self.panel.options).items()},
        }

    def fresh(self, *, machine_id: str, sensor_id: str) -> FloatArray:
        """Return the state of a sensor that has shown nothing yet; one that training did not know begins to learn."""
        known = self._places.get((machine_id, sensor_id))
        return fresh_state(
            LEARNING if known is None else float(known),
            channels=len(self.channels),
            drivers=len(self.panel.tables.drivers),
            generation=self.panel.options.generation,
        )

    def score(self, batch: Batch, states: FloatArray) -> tuple[Verdicts, FloatArray]:
        """Judge every row of `batch` in order; `states` is left as it was."""
        beside = None if self.forest is None else self._beside(self.forest, batch, states)
        after = states.copy()
        complete = np.asarray(~np.isnan(batch.values).any(axis=1))
        findings = self._run(batch, after, complete)
        own = slice(len(self._own_kinds))
        ratios, raw = (of(findings, own, self._at_work) for of in (ratios_of, raw_of))
        if not complete.all():
            ratios, raw = _spread(ratios, complete), _spread(raw, complete)
        unjudged = np.asarray(np.isnan(ratios[:, : len(KINDS)]).all(axis=1))
        if beside is not None:
            said, _ = beside()
            ratios, raw = np.hstack([ratios, said.ratios]), np.hstack([raw, said.raw])
        return Verdicts(ratios=ratios, raw=raw, unjudged=unjudged), after

    def explain(self, batch: Batch, states: FloatArray, *, rows: IntArray, kinds: IntArray) -> Explanations:
        """Run the sensors of `rows` again from `states` and say what each kind expected and which channels spoke."""
        if not len(rows):
            nothing = np.empty((0, len(self.channels)))
            return Explanations(expected=nothing, contribution=nothing)
        concerned = np.isin(batch.sensors, batch.sensors[rows]) & ~np.isnan(batch.values).any(axis=1)
        wanted = np.full(len(batch.sensors), -1, dtype=np.int64)
        own = len(self._own_kinds)
        wanted[rows] = np.where(kinds < own, kinds, -1)
        findings = self._run(batch, states.copy(), concerned, wanted=wanted[concerned])
        expected = _spread(findings.expected, concerned)[rows]
        contribution = _spread(findings.contribution, concerned)[rows]
        of_forest = kinds >= own
        if self.forest is not None and of_forest.any():
            said = self.forest.explain(batch, states, rows=rows[of_forest], kinds=kinds[of_forest] - own)
            expected[of_forest], contribution[of_forest] = said.expected, said.contribution
        return Explanations(expected=expected, contribution=contribution)

    def _beside(
        self, trees: IsolationForestDetector, batch: Batch, states: FloatArray
    ) -> Callable[[], tuple[Verdicts, FloatArray]]:
        """Return what gives the forest's verdicts; those of many rows are found while the panel is at work."""
        if len(batch.sensors) < _APART_FROM:
            return partial(trees.score, batch, states)
        return self._thread.submit(trees.score, batch, states).result

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, thread_name_prefix="forest")

    def _run(self, batch: Batch, states: FloatArray, chosen: BoolArray, *, wanted: IntArray | None = None) -> Findings:
        """Run the chosen rows; `states` moves on in place."""
        values, slots, times = batch.values, batch.sensors, batch.recorded_at_us
        if not chosen.all():
            values, slots, times = values[chosen], slots[chosen], times[chosen]
        # Writable too: the compiled pass would be compiled again for arrays that are not, such as views of a buffer.
        values = np.require(values, np.float64, ["C", "W"])
        slots, times = (np.require(array, np.int64, ["C", "W"]) for array in (slots, times))
        gaps = np.empty(len(slots))
        interval_us = self.panel.interval_s * _MICROSECONDS
        longest = self.panel.options.gap_intervals
        arrive(times, slots, states, gaps, interval_us, longest)
        findings = empty_findings(len(slots), len(self.channels), wanted=wanted)
        run_panel(
            values,
            slots,
            gaps,
            states,
            self.panel.numbers,
            self._unknown,
            self.panel.tables,
            self._sharper,
            self.pace,
            findings,
        )
        return findings

    @cached_property
    def _places(self) -> Mapping[tuple[str, str], int]:
        return {sensor: place for place, sensor in enumerate(self.panel.sensors)}

    @cached_property
    def _at_work(self) -> BoolArray:
        own = kinds_at_work(self.panel.tables, self.panel.numbers, self.panel.sharper)
        return np.asarray(own[: len(self._own_kinds)])

    @cached_property
    def _own_kinds(self) -> tuple[str, ...]:
        return self.panel.options.kinds

    @cached_property
    def _sharper(self) -> Packed:
        return packed(self.panel.sharper)

    @cached_property
    def _unknown(self) -> FloatArray:
        return provisional(len(self.channels))

    @cached_property
    def pace(self) -> Pace:
        """The options, for the profile's expected interval."""
        return pace_of(self.panel.options, interval_s=self.panel.interval_s, channels=len(self.channels))


def _spread(rows: FloatArray, chosen: BoolArray) -> FloatArray:
    """Return `rows` at the places of `chosen` (n,), NaN elsewhere."""
    spread = np.full((len(chosen), rows.shape[1]), np.nan)
    spread[chosen] = rows
    return spread


def to_artifact(detector: PanelDetector) -> Artifact:
    """Return panel and forest in a form that `from_artifact` reads back whole."""
    own = panel.to_artifact(detector.panel)
    if detector.forest is None:
        return own
    beside = forest.to_artifact(detector.forest)
    return Artifact(
        header={**own.header, "forest": dict(beside.header)},
        arrays={**own.arrays, **{f"{_FOREST}{name}": array for name, array in beside.arrays.items()}},
    )


def from_artifact(artifact: Artifact) -> PanelDetector:
    """Return the detector that `artifact` holds.

    Raises:
        NotAnArtifact: it holds something else, or its numbers don't fit together.
    """
    beside = artifact.header.get("forest")
    if not isinstance(beside, dict):
        return PanelDetector(panel=panel.from_artifact(artifact))
    arrays = {name.removeprefix(_FOREST): value for name, value in artifact.arrays.items() if name.startswith(_FOREST)}
    return PanelDetector(
        panel=panel.from_artifact(artifact), forest=forest.from_artifact(Artifact(header=beside, arrays=arrays))
    )
