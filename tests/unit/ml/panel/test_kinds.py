"""Each way of failing is found by its own kind, which says where and what was expected instead."""

import numpy as np
import pytest

from ml.detector import Batch, FloatArray
from ml.panel.detector import PanelDetector
from ml.panel.options import KINDS, SHARPER_KINDS
from ml.panel.tables import STEP_SCALE
from tests.unit.ml.panel.machines import PUMP, batch, pump_rows, room_rows, seconds, state_of

ONSET = 5000
ROWS = 7200
SINCE = np.arange(ROWS) - ONSET


def judged(detector: PanelDetector, values: FloatArray) -> FloatArray:
    """Return the ratios of the panel's five kinds, of a pump known from training."""
    return detector.score(batch(values), state_of(detector, 1))[0].ratios[:, : len(KINDS)]


def with_fault(kind: str) -> tuple[FloatArray, int]:
    """Return a pump's rows with a fault from ONSET on, and the column that has it."""
    values = pump_rows(ROWS, machine=1, seed=9)
    if kind == "spike":
        values[ONSET, 2] += 1.5
        return values, 2
    if kind == "shift":
        values[SINCE >= 0, 1] += 5.0
        return values, 1
    if kind == "noise":
        values[:, 2] += np.where(SINCE >= 0, np.random.default_rng(0).normal(size=ROWS) * 0.2, 0.0)
        return values, 2
    if kind == "drift":
        values[:, 2] += np.clip(SINCE / 2000, 0, 0.6)
        return values, 2
    values[(SINCE >= 0) & (SINCE < 60), 1] = values[ONSET - 1, 1]
    return values, 1


@pytest.mark.parametrize(
    ("kind", "within"), [("spike", 1), ("shift", 40), ("noise", 120), ("drift", 2200), ("stuck", 30)]
)
def test_a_fault_is_found_by_its_kind_soon_after_its_onset_and_not_before(
    pump: PanelDetector, kind: str, within: int
) -> None:
    values, _ = with_fault(kind)

    abnormal = judged(pump, values) > 1

    assert not abnormal[:ONSET].any()
    assert abnormal[ONSET : ONSET + within, KINDS.index(kind)].any()


@pytest.mark.parametrize("kind", KINDS)
def test_the_channel_at_fault_contributes_most_and_its_expected_value_is_what_it_read_before(
    pump: PanelDetector, kind: str
) -> None:
    values, column = with_fault(kind)
    healthy = pump_rows(ROWS, machine=1, seed=9)
    place = int(np.flatnonzero(judged(pump, values)[:, KINDS.index(kind)] > 1)[0])

    why = pump.explain(batch(values), state_of(pump, 1), rows=np.array([place]), kinds=np.array([KINDS.index(kind)]))

    assert int(why.contribution[0].argmax()) == column
    assert np.isnan(why.expected[0, PUMP.index("speed")])
    tolerance = {"flow": 3.0, "vibration": 0.4, "temperature": 1.0}[PUMP[column]]
    assert abs(why.expected[0, column] - healthy[place, column]) < tolerance


def test_a_ratio_is_above_one_exactly_while_the_alarm_stands(pump: PanelDetector) -> None:
    values, _ = with_fault("shift")
    column = KINDS.index("shift")

    verdicts, _ = pump.score(batch(values), state_of(pump, 1))

    alarmed = verdicts.ratios[:, column] > 1
    begins = int(np.flatnonzero(alarmed)[0])
    assert ONSET <= begins < ONSET + 40
    assert alarmed[begins : begins + 300].all()
    assert (verdicts.raw[alarmed, column] > 0).all()


def test_all_channels_a_little_off_at_once_are_a_spike_that_no_channel_would_be_alone(pump: PanelDetector) -> None:
    spike, place = np.array([KINDS.index("spike")]), np.array([ONSET])
    values = pump_rows(ROWS, machine=1, seed=9)
    usual = pump.explain(batch(values), state_of(pump, 1), rows=place, kinds=spike).expected[0, 1:]
    step = pump.panel.numbers[1, STEP_SCALE, 1:]
    values[ONSET, 1:] = usual + 0.85 * pump.panel.tables.spike_limit[1:] * step * [1, -1, 1]

    ratios = judged(pump, values)
    why = pump.explain(batch(values), state_of(pump, 1), rows=place, kinds=spike)

    assert ratios[ONSET, spike] > 1
    assert why.contribution[0, 1:].sum() == pytest.approx(1.0)
    assert why.contribution[0, 1:].max() < 0.5


def test_the_forest_beside_the_panel_is_written_down_but_makes_no_reading_abnormal(pump: PanelDetector) -> None:
    assert pump.kinds == (*SHARPER_KINDS, "isolation_forest")
    assert pump.votes == (True, True, True, True, True, True, True, False, False)
    values, _ = with_fault("spike")

    verdicts, _ = pump.score(batch(values), state_of(pump, 1))
    why = pump.explain(batch(values), state_of(pump, 1), rows=np.array([ONSET]), kinds=np.array([len(SHARPER_KINDS)]))

    assert np.isfinite(verdicts.ratios[:, -1]).all()
    assert np.isfinite(why.contribution).all()


@pytest.mark.parametrize(("silent_s", "found"), [(40, True), (120, True), (3600, False)])
def test_a_machine_that_falls_silent_and_comes_back_at_another_level_has_shifted_unless_it_was_long(
    room: PanelDetector, *, silent_s: int, found: bool
) -> None:
    values = room_rows(1600, machine=1, seed=3)
    values[800:, 0] += 0.8
    times = seconds(1600)
    times[800:] += silent_s * 1_000_000
    readings = Batch(values=values, recorded_at_us=times, sensors=np.zeros(1600, np.int64))

    verdicts, _ = room.score(readings, state_of(room, 1))

    shift = verdicts.ratios[:, KINDS.index("shift")] > 1
    assert verdicts.unjudged[800:860].all()
    assert shift[860:900].any() == found
    assert not shift[:800].any()
