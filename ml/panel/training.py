"""From healthy rows of several sensors to the panel's numbers.

1. What the conditions explain, pooled; and for each sensor what its siblings alone explain. 2. Each sensor's own
numbers, twice: with the pooled weights for scoring, with the siblings' for calibration, so that a threshold contains
the error of explaining a machine that was not there (cross-fitting; Barber 2021). 3. What the profile's channels are
like: which wander, which can't answer a load at once. 4. Thresholds, from the pass over the calibration sensors.
5. The allowance for drift, onto every sensor.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml.detector import BoolArray, FloatArray, IntArray
from ml.panel.calibration import tail_threshold
from ml.panel.cleaning import stray
from ml.panel.expectation import Expectation, fit_expectation
from ml.panel.features import low_pass_weights
from ml.panel.kernel import BANDS, ERRORS, LEVELS, SCATTERS, Findings
from ml.panel.options import DAY_S, OFF, SECOND, Options, Pace, pace_of
from ml.panel.passes import scan
from ml.panel.personal import Personal, by_own_steps, personalise
from ml.panel.rows import SensorRows, together
from ml.panel.sharper import Sharper, without
from ml.panel.sharper_training import Calibration, sharpen
from ml.panel.tables import ALLOWANCE, SHIFT_SCALE, STEP_SCALE, Tables

_LARGEST_EXCURSION = 1.5
_LARGEST_SHIFT = 1.2
_FIRST_ROWS = 140
_DRIFT_TAIL_DAYS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """The panel's numbers. numbers: float64 array (sensors, PERSONAL_FIELDS, c), in the order of the rows given.

    strays: rows that were left out, since they lay apart from all others.
    """

    tables: Tables
    numbers: FloatArray
    sharper: Sharper
    strays: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Character:
    """What a profile's channels are like, from its calibration sensors; arrays (c,)."""

    days: float
    wander: FloatArray
    shift_floor: FloatArray
    allowance: FloatArray
    own_steps: BoolArray
    armed: bool


def train_panel(rows: Sequence[SensorRows], drivers: IntArray, *, options: Options, interval_s: float) -> Trained:
    """Return the panel of a profile whose conditions are the columns `drivers`, without the rows that stray."""
    trained, found = _train_once(rows, drivers, options=options, interval_s=interval_s)
    if options.generation < SECOND:
        return trained
    judged = trained.tables.judged
    apart = [stray(one.statistics[:, ERRORS][:, judged] * one.judged[:, np.newaxis]) for one in found]
    strays = sum(int(each.sum()) for each in apart)
    if not strays:
        return trained
    kept = [part.only(~each) for part, each in zip(rows, apart, strict=True)]
    again, _ = _train_once(kept, drivers, options=options, interval_s=interval_s)
    return replace(again, strays=strays)


def _train_once(
    rows: Sequence[SensorRows], drivers: IntArray, *, options: Options, interval_s: float
) -> tuple[Trained, list[Findings]]:
    channels = rows[0].values.shape[1]
    pace = pace_of(options, interval_s=interval_s, channels=channels)
    expectation, siblings = fit_expectation(rows, drivers, options=options, interval_s=interval_s)
    tables = _tables(expectation, channels=channels, interval_s=interval_s)
    scoring = [personalise(part, expectation, tables=tables, pace=pace) for part in rows]
    calibrating, their_tables = scoring, [tables] * len(rows)
    if siblings:
        their_tables = [tables._replace(weights=sibling.weights) for sibling in siblings]
        calibrating = [
            personalise(part, sibling, tables=theirs, pace=pace)
            for part, sibling, theirs in zip(rows, siblings, their_tables, strict=True)
        ]
    own_steps = np.max([person.wander for person in calibrating], axis=0) > 2 * options.slow_wander
    for people in [scoring] if calibrating is scoring else [scoring, calibrating]:
        for part, person in zip(rows, people, strict=True):
            by_own_steps(part, person, expectation, slow=own_steps, pace=pace)
    character = _character(rows, calibrating, own_steps=own_steps, options=options, pace=pace)
    for person in [*scoring, *calibrating]:
        floor = character.shift_floor * person.numbers[STEP_SCALE]
        person.numbers[SHIFT_SCALE] = np.maximum(person.numbers[SHIFT_SCALE], floor)
    found = [
        scan(part, person.numbers, tables=theirs._replace(own_steps=own_steps), pace=pace)
        for part, person, theirs in zip(rows, calibrating, their_tables, strict=True)
    ]
    limited = _with_thresholds(tables, rows, found, character=character, options=options, pace=pace)
    growth = _growth(character, options, days=character.days)
    # A sensor that is learned while it is scored has seen less of its own day than its siblings have of theirs.
    learned_days = min(character.days, options.learning_readings * interval_s / DAY_S)
    learned_growth = _growth(character, options, days=learned_days)
    for person in scoring:
        own = _LARGEST_EXCURSION * person.excursions.max(axis=0) / person.numbers[STEP_SCALE]
        allowance = np.maximum(character.allowance, own) * person.numbers[STEP_SCALE] * growth
        person.numbers[ALLOWANCE] = np.where(growth < OFF, allowance, OFF)
    tables = limited._replace(
        wanders=_wanders(character, options),
        own_steps=own_steps,
        shift_floor=character.shift_floor,
        allowance=np.where(learned_growth < OFF, character.allowance * learned_growth, OFF),
    )
    sharper = without(channels=channels, sensors=len(rows))
    if options.generation >= SECOND:
        calibration = Calibration(
            rows=rows,
            numbers=[person.numbers for person in calibrating],
            found=found,
            days=character.days,
            armed=character.armed,
        )
        sharper = sharpen(calibration, tables, options=options, pace=pace)
    numbers = np.array([person.numbers for person in scoring])
    return Trained(tables=tables, numbers=numbers, sharper=sharper), found


def _tables(expectation: Expectation, *, channels: int, interval_s: float) -> Tables:
    """Return the profile's tables without thresholds: nothing alarms."""
    off = np.full(channels, OFF)
    judged = np.ones(channels, dtype=np.bool_)
    judged[expectation.drivers] = False
    return Tables(
        drivers=expectation.drivers,
        driver_scale=expectation.scale,
        driver_low=expectation.low,
        driver_high=expectation.high,
        step_limit=expectation.step_limit,
        weights=expectation.weights,
        centre=expectation.centre,
        low_pass=low_pass_weights(interval_s),
        judged=judged,
        wanders=np.zeros(channels, dtype=np.bool_),
        own_steps=np.zeros(channels, dtype=np.bool_),
        spike_limit=off,
        shift_limit=off,
        noise_limit=off,
        band_limit=off,
        joint_limit=np.full(1, OFF),
        shift_floor=np.zeros(channels),
        allowance=off,
    )


def _character(
    rows: Sequence[SensorRows], people: Sequence[Personal], *, own_steps: BoolArray, options: Options, pace: Pace
) -> _Character:
    """Return what the calibration sensors say of the channels; the allowance in σₑ, for a day of training."""
    days = max(person.judged_days for person in people)
    channels = rows[0].values.shape[1]
    scales = [person.numbers[STEP_SCALE] for person in people]
    excursions = [person.excursions / scale for person, scale in zip(people, scales, strict=True)]
    allowance = np.full(channels, 3 / np.sqrt(pace.block_readings))
    for channel in range(channels):
        each = [blocks[:, channel] for blocks in excursions]
        largest = _LARGEST_EXCURSION * max(float(blocks.max()) for blocks in each)
        tail = 0.0
        if days >= _DRIFT_TAIL_DAYS:
            spacing_s = pace.block_readings * pace.interval_s
            tail = tail_threshold(each, per_day=options.false_incidents_per_day / channels, spacing_s=spacing_s)
        allowance[channel] = max(allowance[channel], largest, tail)
    floors = [person.numbers[SHIFT_SCALE] / scale for person, scale in zip(people, scales, strict=True)]
    return _Character(
        days=days,
        wander=np.max([person.wander for person in people], axis=0),
        shift_floor=np.max(floors, axis=0),
        allowance=allowance,
        own_steps=own_steps,
        armed=_is_armed(rows, days, options),
    )


def _is_armed(rows: Sequence[SensorRows], days: float, options: Options) -> bool:
    """Return whether levels and scatters are known well enough: many rows, or fewer over days."""
    most = max(len(part) for part in rows)
    slow = options.generation >= SECOND and days >= options.armed_days and most >= options.armed_least
    return most >= options.armed_rows or slow


def _wanders(character: _Character, options: Options) -> BoolArray:
    """Return which channels wander more than a training of less than a day can tell."""
    return np.asarray((character.wander > options.slow_wander) & (character.days < options.full_day))


def _growth(character: _Character, options: Options, *, days: float) -> FloatArray:
    """Return the factor of the allowance: an hour can't know a day, and what wanders is given room as a random walk."""
    short = np.sqrt(max(1.0, 1.0 / max(days, 1e-6)))
    walking = np.clip((character.wander - 1) / (options.slow_wander - 1), 0, 1)
    calm = (character.wander < options.calm_wander) | (days >= options.full_day)
    if not character.armed:
        return np.full(len(walking), OFF)
    room = np.maximum(np.sqrt(short), short * walking)
    if options.generation >= SECOND and days >= options.full_day:
        # Nor does a day know a week.
        room *= 1 + walking * (np.sqrt(max(1.0, options.horizon_days / days)) - 1)
    return np.where(calm, room, OFF)


def _with_thresholds(
    tables: Tables,
    rows: Sequence[SensorRows],
    found: Sequence[Findings],
    *,
    character: _Character,
    options: Options,
    pace: Pace,
) -> Tables:
    """Return `tables` with the limits that the calibration passes give; the shift's floor is part of those passes."""
    channels = len(tables.judged)
    limits = {name: np.full(channels, OFF) for name in ("spike", "shift", "noise", "band")}
    per_day = options.false_incidents_per_day / channels
    cuts = [min(_FIRST_ROWS, len(part) // 3) for part in rows]

    def judged(field: int, channel: int) -> list[FloatArray]:
        return [
            np.abs(one.statistics[cut:, field, channel])[one.judged[cut:]] for one, cut in zip(found, cuts, strict=True)
        ]

    def tail(scores: Sequence[FloatArray], *, above_largest: float = 1.0) -> float:
        return tail_threshold(scores, per_day=per_day, spacing_s=pace.interval_s, above_largest=above_largest)

    most = max(len(part) for part in rows)
    slow = options.generation >= SECOND and character.days >= options.armed_days and most >= options.armed_rows
    tailed = most >= options.full_rows or slow
    for channel in np.flatnonzero(tables.judged).tolist():
        limits["spike"][channel] = tail(judged(ERRORS, channel))
        if character.armed:
            limits["band"][channel] = tail(judged(BANDS, channel))
            limits["noise"][channel] = tail(judged(SCATTERS, channel))
        levels = judged(LEVELS, channel)
        high = max(options.short_shift * float(np.quantile(together(levels), 0.99)), 1e-6)
        limits["shift"][channel] = tail(levels, above_largest=_LARGEST_SHIFT) if tailed else high
    if not tailed:
        # In its own σ_f a level is the same kind of number in every channel; too few rows to know a channel's tail by
        # itself borrow the highest of its siblings'. The study does without; docs/models.md has the figures.
        steady = tables.judged & ~_wanders(character, options)
        limits["shift"][tables.judged] = limits["shift"][steady if steady.any() else tables.judged].max()
    joint = np.full(1, OFF)
    if tables.judged.sum() > 1:
        squares = [(one.statistics[cut:, ERRORS][:, tables.judged] ** 2) for one, cut in zip(found, cuts, strict=True)]
        means = [
            np.sqrt(part.mean(axis=1))[one.judged[cut:]] for part, one, cut in zip(squares, found, cuts, strict=True)
        ]
        joint[0] = tail_threshold(means, per_day=options.false_incidents_per_day, spacing_s=pace.interval_s)
    return tables._replace(
        spike_limit=limits["spike"],
        shift_limit=limits["shift"],
        noise_limit=limits["noise"],
        band_limit=limits["band"],
        joint_limit=joint,
    )
