"""The causal pass: each reading, in order, through gate, expectation and the five kinds.

Everything it knows of the past is in the sensor's state, so any split of a sensor's readings into batches gives the
same bits. Compiled code is kept on disk per source file; after a change in a file of steps, delete `__pycache__`
(a test compares the compiled pass with its source).
"""

from typing import Final, NamedTuple

import numpy as np

from ml.detector import BoolArray, FloatArray, IntArray
from ml.panel.compiled import compiled, compiled_apart
from ml.panel.drift import drift_step
from ml.panel.explanation import explanation_step
from ml.panel.features import features_step
from ml.panel.gate import gate_step
from ml.panel.joint import joint_step
from ml.panel.learning import learn_step, learned
from ml.panel.noise import noise_step
from ml.panel.options import DRIFT, JOINT, NOISE, OUTSIDE, SHARPER_KINDS, SHIFT, SPIKE, STUCK, WEAR, Pace
from ml.panel.outside import outside_step
from ml.panel.residual import ERROR, RESIDUAL, WORK_FIELDS, explain_step, residual_step
from ml.panel.sharper import JOINT_TESTS, Packed
from ml.panel.shift import kept_over, shift_step
from ml.panel.spike import error_step, spike_step
from ml.panel.state import (
    BASE,
    BLOCKS,
    CHANNEL_FIELDS,
    DRIFT_ON,
    FAST,
    GATE_LEFT,
    HEAD,
    KEPT,
    LATER_FIELDS,
    LATER_HEAD,
    LEARNED,
    LEARNED_ROWS,
    LEARNING,
    LEVEL,
    LEVEL_10,
    LEVEL_60,
    MOVED,
    NO_TROUGH,
    NOISE_ON,
    OUTSIDE_ON,
    ROOM_FIELDS,
    ROWS,
    SCATTER,
    SENSOR,
    SHIFT_LEVEL,
    SHIFT_ON,
    SHIFT_TROUGH,
    SINCE_GATE,
    SLOW_FAST,
)
from ml.panel.stuck import stuck_step
from ml.panel.tables import PERSONAL_FIELDS, REFERENCE, STEP_SCALE, Tables
from ml.panel.tables import SCATTER as ORDINARY_SCATTER

# Fields of `Findings.statistics`.
ERRORS: Final = 0
LEVELS: Final = 1
SCATTERS: Final = 2
BANDS: Final = 3
RESIDUALS: Final = 4
AWAYS: Final = 5
STATISTICS: Final = 6


class Findings(NamedTuple):
    """Where the pass writes.

    ratios, raw: float64 (n, 8), a column per kind, 0 where a kind did not judge. alarms: bool (n, 8), as they stand
    after the reading: with hysteresis, and held behind the gate. judged: bool (n,).
    The others are empty unless wanted. statistics: float64 (n, STATISTICS, c), what thresholds are taken from.
    wanted: int64 (n,), the kind to explain or −1; expected, contribution: float64 (n, c).
    """

    ratios: FloatArray
    raw: FloatArray
    alarms: BoolArray
    judged: BoolArray
    statistics: FloatArray
    wanted: IntArray
    expected: FloatArray
    contribution: FloatArray


def empty_findings(rows: int, channels: int, *, statistics: bool = False, wanted: IntArray | None = None) -> Findings:
    """Return room for what the pass finds in `rows` readings."""
    explained = 0 if wanted is None else rows
    return Findings(
        ratios=np.zeros((rows, len(SHARPER_KINDS))),
        raw=np.zeros((rows, len(SHARPER_KINDS))),
        alarms=np.zeros((rows, len(SHARPER_KINDS)), dtype=np.bool_),
        judged=np.zeros(rows, dtype=np.bool_),
        statistics=np.zeros((rows if statistics else 0, STATISTICS, channels)),
        wanted=np.empty(0, dtype=np.int64) if wanted is None else wanted,
        expected=np.full((explained, channels), np.nan),
        contribution=np.full((explained, channels), np.nan),
    )


@compiled
def _begin(
    state: FloatArray, channels: FloatArray, head: FloatArray, later: FloatArray, personal: FloatArray, kept: float
) -> None:
    """Begin a stretch: nothing was seen, every level is at its reference. What the shift knows outlives a gap.

    So does all that is remembered over days: where the reference has gone, and how much a channel swings.
    """
    for field in range(SINCE_GATE, SLOW_FAST):
        head[field] = 0.0
    for field in range(ROWS, DRIFT_ON + 1):
        if kept == 0 or not SHIFT_ON <= field <= SHIFT_TROUGH:
            state[field] = 0.0
    if kept == 0:
        state[SHIFT_TROUGH] = NO_TROUGH
    state[KEPT] = kept
    for channel in range(channels.shape[1]):
        for field in range(CHANNEL_FIELDS):
            if kept == 0 or (field not in (BASE, SHIFT_LEVEL)):
                channels[field, channel] = 0.0
        channels[SCATTER, channel] = personal[ORDINARY_SCATTER, channel]
        channels[LEVEL, channel] = personal[REFERENCE, channel] + later[MOVED, channel]
        later[LEVEL_10, channel] = 0.0
        later[LEVEL_60, channel] = 0.0


@compiled_apart
def _judge(
    row: FloatArray,
    place: int,
    sensor: int,
    state: FloatArray,
    channels: FloatArray,
    head: FloatArray,
    later: FloatArray,
    personal: FloatArray,
    tables: Tables,
    sharper: Packed,
    pace: Pace,
    work: FloatArray,
    shares: FloatArray,
    squares: FloatArray,
    findings: Findings,
    gated: bool,
    first: bool,
) -> None:
    """Let the kinds speak on one reading; behind the gate only what must follow the operation moves."""
    watched = findings.statistics.shape[0] > 0
    if watched and state[BLOCKS] >= pace.drift_blocks:
        for channel in range(row.shape[0]):
            apart = work[RESIDUAL, channel] - channels[LEVEL, channel]
            findings.statistics[place, BANDS, channel] = apart / personal[STEP_SCALE, channel]
    shares[:] = 0.0
    ratios, raw, alarms = findings.ratios[place], findings.raw[place], findings.alarms[place]
    ratios[SHIFT], raw[SHIFT] = shift_step(state, channels, later, personal, tables, pace, work, shares, gated)
    ratios[STUCK], raw[STUCK] = stuck_step(row, channels, personal, shares, gated, first)
    of_spike, of_joint = 0, 0
    if gated:
        head[SINCE_GATE] = 0.0
    else:
        ratios[SPIKE], raw[SPIKE], of_spike = spike_step(later, personal, tables, pace, work, shares)
        ratios[NOISE], raw[NOISE] = noise_step(state, channels, later, personal, tables, sharper, pace, work, shares)
        ratios[DRIFT], raw[DRIFT] = drift_step(state, channels, head, later, personal, tables, pace, work, shares)
        for channel in range(row.shape[0]):
            if shares[WEAR, channel] > ratios[WEAR]:
                ratios[WEAR] = shares[WEAR, channel]
                raw[WEAR] = ratios[WEAR]
        ratios[OUTSIDE], raw[OUTSIDE] = outside_step(
            sensor, head, channels, later, personal, tables, sharper, pace, shares
        )
        ratios[JOINT], raw[JOINT], of_joint = joint_step(
            sensor, head, later, sharper, work, squares, pace.scatter_readings
        )
    alarms[SPIKE] = ratios[SPIKE] > 1
    alarms[SHIFT] = state[SHIFT_ON] > 0
    alarms[NOISE] = state[NOISE_ON] > 0
    alarms[DRIFT] = state[DRIFT_ON] > 0
    alarms[STUCK] = ratios[STUCK] >= 1
    alarms[JOINT] = ratios[JOINT] > 1
    alarms[OUTSIDE] = head[OUTSIDE_ON] > 0
    alarms[WEAR] = ratios[WEAR] > 1
    findings.judged[place] = not gated
    if watched:
        for channel in range(row.shape[0]):
            findings.statistics[place, ERRORS, channel] = work[ERROR, channel]
            findings.statistics[place, RESIDUALS, channel] = work[RESIDUAL, channel]
            findings.statistics[place, LEVELS, channel] = channels[SHIFT_LEVEL, channel]
            findings.statistics[place, AWAYS, channel] = (
                channels[FAST, channel] - personal[REFERENCE, channel] - later[MOVED, channel]
            )
            findings.statistics[place, SCATTERS, channel] = np.sqrt(
                channels[SCATTER, channel] / personal[ORDINARY_SCATTER, channel]
            )
    if findings.wanted.shape[0] > 0 and findings.wanted[place] >= 0:
        explanation_step(
            findings.wanted[place],
            of_joint if findings.wanted[place] == JOINT else of_spike,
            sensor,
            channels,
            later,
            personal,
            tables,
            sharper,
            work,
            shares,
            findings.expected[place],
            findings.contribution[place],
        )


@compiled_apart
def _learn(
    row: FloatArray,
    state: FloatArray,
    channels: FloatArray,
    head: FloatArray,
    later: FloatArray,
    room: FloatArray,
    personal: FloatArray,
    tables: Tables,
    pace: Pace,
    work: FloatArray,
    shares: FloatArray,
    gated: bool,
    first: bool,
) -> None:
    """Follow an unknown sensor without judging it; after enough readings put its own numbers in its state's room."""
    shift_step(state, channels, later, personal, tables, pace, work, shares, gated)
    if not gated:
        learn_step(row, state, channels, room, work, pace, first)
    stuck_step(row, channels, personal, shares, gated, first)
    if state[LEARNED_ROWS] < pace.learning_readings:
        state[ROWS] += 1
        return
    own = learned(room, state[LEARNED_ROWS], tables, pace)
    # In loops: assigning one array to another compiles seconds of error messages.
    for field in range(ROOM_FIELDS):
        for channel in range(row.shape[0]):
            room[field, channel] = own[field, channel] if field < PERSONAL_FIELDS else 0.0
    for field in range(LATER_FIELDS):
        for channel in range(row.shape[0]):
            later[field, channel] = 0.0
    _begin(state, channels, head, later, own, 0.0)
    state[GATE_LEFT] = pace.settle_readings
    state[SENSOR] = LEARNED


@compiled_apart
def run_panel(
    values: FloatArray,
    slots: IntArray,
    gaps: FloatArray,
    states: FloatArray,
    known: FloatArray,
    unknown: FloatArray,
    tables: Tables,
    sharper: Packed,
    pace: Pace,
    findings: Findings,
) -> None:
    """Judge `values` (n, c) in order and write `findings`; `states` (sensors, size) moves on in place.

    slots: int64 (n,), a reading's row of `states`; gaps: float64 (n,), as `arrive` writes them;
    known: float64 (m, PERSONAL_FIELDS, c), the sensors' own numbers; unknown: (PERSONAL_FIELDS, c), what one still
    being learned is followed with.
    """
    width = values.shape[1]
    drivers = np.zeros(tables.drivers.shape[0])
    features = np.zeros(tables.centre.shape[0])
    work = np.zeros((WORK_FIELDS, width))
    shares = np.zeros((len(SHARPER_KINDS), width))
    squares = np.zeros(len(JOINT_TESTS))
    channels_end = HEAD + CHANNEL_FIELDS * width
    room_end = channels_end + ROOM_FIELDS * width
    means_end = room_end + drivers.shape[0]
    features_end = means_end + tables.low_pass.shape[0] * drivers.shape[0]
    head_end = features_end + LATER_HEAD
    later_end = head_end + LATER_FIELDS * width
    # A state of the first generation ends before: what is remembered here stays 0, its weights are.
    nothing = np.zeros(LATER_HEAD + LATER_FIELDS * width)
    for place in range(values.shape[0]):
        row, state, restart = values[place], states[slots[place]], gaps[place] > 0
        channels = state[HEAD:channels_end].reshape((CHANNEL_FIELDS, width))
        room = state[channels_end:room_end].reshape((ROOM_FIELDS, width))
        later_state = state[features_end:later_end] if state.shape[0] >= later_end else nothing
        head = later_state[:LATER_HEAD]
        later = later_state[LATER_HEAD:].reshape((LATER_FIELDS, width))
        sensor = state[SENSOR]
        personal = unknown
        if sensor >= 0:
            personal = known[int(sensor)]
        elif sensor == LEARNED:
            personal = room[:PERSONAL_FIELDS]
        if restart:
            _begin(state, channels, head, later, personal, kept_over(gaps[place], state, pace))
        gated = gate_step(row, drivers, state[room_end:means_end], state, tables, pace, restart)
        features_step(drivers, state[means_end:features_end], tables.low_pass, restart, features)
        explain_step(features, tables, work)
        residual_step(row, personal, pace, work)
        first = state[ROWS] == 0
        error_step(row, channels, personal, tables, work, int(state[ROWS]) % 5, first)
        if sensor == LEARNING:
            _learn(row, state, channels, head, later, room, personal, tables, pace, work, shares, gated, first)
        else:
            _judge(
                row,
                place,
                int(sensor),
                state,
                channels,
                head,
                later,
                personal,
                tables,
                sharper,
                pace,
                work,
                shares,
                squares,
                findings,
                gated,
                first,
            )
            state[ROWS] += 1
