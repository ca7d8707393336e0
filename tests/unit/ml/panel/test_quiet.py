"""What is no fault wakes nobody: load steps, stops, starts, an hour of nothing at all, a missing channel."""

import numpy as np

from ml.panel.detector import PanelDetector
from ml.panel.options import SHARPER_KINDS, WRITTEN_ONLY
from tests.unit.ml.panel.machines import batch, pump_rows, room_rows, state_of

VOTING = slice(0, len(SHARPER_KINDS) - len(WRITTEN_ONLY))


def test_two_healthy_hours_with_load_steps_a_stop_and_a_start_stay_quiet(pump: PanelDetector) -> None:
    for machine in range(3):
        values = pump_rows(7200, machine=machine, seed=20 + machine, stop_at=3000)
        verdicts, _ = pump.score(batch(values), state_of(pump, machine))
        assert not (verdicts.ratios[:, VOTING] > 1).any()


def test_healthy_rooms_stay_quiet(room: PanelDetector) -> None:
    for seed in range(4):
        verdicts, _ = room.score(batch(room_rows(7200, machine=1, seed=50 + seed)), state_of(room, 1))
        assert not (verdicts.ratios[:, VOTING] > 1).any()


def test_a_load_step_and_a_start_are_not_judged_and_the_rest_is(pump: PanelDetector) -> None:
    values = pump_rows(7200, machine=1, seed=9, stop_at=3000)

    verdicts, _ = pump.score(batch(values), state_of(pump, 1))

    standing = values[:, 0] < 3
    assert verdicts.unjudged[standing].all()
    assert verdicts.unjudged[:60].all()
    restarted = int(np.flatnonzero(standing)[-1]) + 1
    assert verdicts.unjudged[restarted : restarted + 180].all()
    assert not verdicts.unjudged[restarted + 300 : restarted + 350].any()
    assert verdicts.unjudged.mean() < 0.25
    np.testing.assert_array_equal(np.isnan(verdicts.ratios[:, VOTING]).all(axis=1), verdicts.unjudged)


def test_a_reading_that_lacks_a_channel_is_not_judged_and_leaves_the_state_as_it_was(room: PanelDetector) -> None:
    values = room_rows(200)
    _, before = room.score(batch(values[:120]), state_of(room))
    lacking = values[120:130].copy()
    lacking[:, 1] = np.nan

    verdicts, after = room.score(batch(lacking, start=120), before)

    assert verdicts.unjudged.all()
    assert np.isnan(verdicts.ratios).all()
    assert after.tobytes() == before.tobytes()


def test_scoring_leaves_the_states_it_was_given_as_they_were(room: PanelDetector) -> None:
    states = state_of(room)
    kept = states.copy()

    room.score(batch(room_rows(500)), states)

    assert states.tobytes() == kept.tobytes()
