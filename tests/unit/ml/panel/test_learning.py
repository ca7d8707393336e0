"""A sensor that training did not know: followed, learned, and then judged by its own numbers."""

import numpy as np

from ml.panel.detector import PanelDetector
from ml.panel.options import KINDS
from ml.panel.state import CHANNEL_FIELDS, HEAD, LEARNED, LEARNING, SENSOR
from ml.panel.tables import OFFSET, PERSONAL_FIELDS, SHIFT_SCALE, STEP_SCALE, STUCK_LIMIT
from tests.unit.ml.panel.machines import batch, pump_rows, room_rows, state_of

NEW = 7


def own_numbers(detector: PanelDetector, states: np.ndarray) -> np.ndarray:
    """Return what a learned state holds of its sensor: float64 (13, c)."""
    channels = len(detector.channels)
    start = HEAD + CHANNEL_FIELDS * channels
    return states[0, start : start + PERSONAL_FIELDS * channels].reshape(PERSONAL_FIELDS, channels)


def test_an_unknown_sensor_is_not_judged_until_it_has_shown_an_hour_and_then_stays_quiet(pump: PanelDetector) -> None:
    values = pump_rows(12_000, machine=NEW, seed=4)

    verdicts, after = pump.score(batch(values), state_of(pump, NEW))

    first = int(np.flatnonzero(~verdicts.unjudged)[0])
    assert 3600 < first < 4600
    assert not (verdicts.ratios[:, : len(KINDS)] > 1).any()
    assert state_of(pump, NEW)[0, SENSOR] == LEARNING
    assert after[0, SENSOR] == LEARNED


def test_what_is_learned_of_a_sensor_is_close_to_what_training_would_have_found(room: PanelDetector) -> None:
    values = room_rows(3660, machine=1, seed=1)

    _, after = room.score(batch(values), state_of(room, NEW))

    trained, found = room.panel.numbers[1], own_numbers(room, after)
    np.testing.assert_allclose(found[OFFSET], trained[OFFSET], atol=0.01)
    for field in (STEP_SCALE, SHIFT_SCALE, STUCK_LIMIT):
        np.testing.assert_allclose(found[field], trained[field], rtol=0.15)


def test_a_learned_sensor_is_judged_like_a_known_one(pump: PanelDetector) -> None:
    values = pump_rows(12_000, machine=NEW, seed=4)
    values[9300, 2] += 1.5
    values[10_700:, 1] += 6.0

    verdicts, _ = pump.score(batch(values), state_of(pump, NEW))

    assert verdicts.ratios[9300, KINDS.index("spike")] > 1
    assert (verdicts.ratios[10_700:10_760, KINDS.index("shift")] > 1).any()


def test_a_gap_while_learning_keeps_what_was_learned(room: PanelDetector) -> None:
    values = room_rows(5000, machine=2)
    _, half = room.score(batch(values[:2500]), state_of(room, NEW))

    verdicts, after = room.score(batch(values[2500:], start=90_000), half)

    assert after[0, SENSOR] == LEARNED
    assert not verdicts.unjudged[1400:].any()


def test_a_machine_that_stands_still_teaches_nothing(pump: PanelDetector) -> None:
    values = pump_rows(6000, machine=NEW, seed=4)
    values[:, 0] = 0.0

    verdicts, after = pump.score(batch(values), state_of(pump, NEW))

    assert verdicts.unjudged.all()
    assert after[0, SENSOR] == LEARNING
