"""What may be learned from, what is refused and why, and that the same rows give the same bytes."""

from dataclasses import replace

import numpy as np
import pytest

from ml.artifact import NotAnArtifact, pack, sha256_of, unpack
from ml.detector import FloatArray
from ml.loading import load_detector
from ml.panel.cleaning import contaminated
from ml.panel.detector import PanelDetector, to_artifact
from ml.panel.options import KINDS, SHARPER_KINDS
from ml.panel.tables import ALLOWANCE, STUCK_LIMIT
from ml.panel.trainer import PanelTrainer
from ml.training.trainer import NotTrainable
from ml.training.trainers import trainer_of
from tests.unit.ml.panel.machines import PUMP, ROOM, batch, profile, pump_rows, room_rows, state_of, training_rows


def rooms(count: int = 3600, machines: int = 2) -> list[FloatArray]:
    return [room_rows(count, machine=machine) for machine in range(machines)]


def with_faults(share: float) -> list[FloatArray]:
    """Return the rows of two rooms of which a share is off in every channel, by 4 to 12 times what is usual."""
    rng = np.random.default_rng(2)
    faulty = []
    for rows in rooms():
        places = rng.choice(len(rows), int(share * len(rows)), replace=False)
        off = rng.choice([-1, 1], (len(places), 2)) * rng.uniform(8, 24, (len(places), 2)) * [0.1, 0.05]
        changed = rows.copy()
        changed[places] += off
        faulty.append(changed)
    return faulty


def test_the_same_rows_give_the_same_bytes_and_the_bytes_the_same_detector(room: PanelDetector) -> None:
    fitted = PanelTrainer().fit(training_rows(rooms()), profile(ROOM))
    content = pack(fitted.artifact)
    again = load_detector(content)
    values = room_rows(1000, machine=1, seed=3)

    assert sha256_of(content) == sha256_of(pack(PanelTrainer().fit(training_rows(rooms()), profile(ROOM)).artifact))
    assert pack(to_artifact(again if isinstance(again, PanelDetector) else room)) == content
    first, _ = room.score(batch(values), state_of(room, 1))
    second, _ = again.score(batch(values), state_of(room, 1))
    assert first.ratios.tobytes() == second.ratios.tobytes()


def test_a_trainer_is_what_its_settings_say() -> None:
    trainer = PanelTrainer()

    assert trainer_of(trainer.settings) == trainer


def test_training_scores_are_those_of_the_engine_that_will_score() -> None:
    rows = training_rows(rooms())
    fitted = PanelTrainer().fit(rows, profile(ROOM))

    assert fitted.kinds == (*SHARPER_KINDS, "isolation_forest")
    assert fitted.training_scores.shape == (len(rows), 9)
    assert not (fitted.training_scores[:, :7] > 1).any()
    assert fitted.metrics["share_spike"] == 0.0
    assert fitted.metrics["sensors"] == 2.0


def test_what_is_each_sensors_own_is_shown_from_the_least_to_the_largest(pump: PanelDetector) -> None:
    each = [pump_rows(3600, machine=machine) for machine in range(3)]
    shown = PanelTrainer().fit(training_rows(each), profile(PUMP)).parameters
    own = pump.panel.numbers

    assert shown["stuck_limit_speed"] == f"{own[:, STUCK_LIMIT, 0].min():g} to {own[:, STUCK_LIMIT, 0].max():g}"
    assert shown["drift_allowance_flow"] == f"{own[:, ALLOWANCE, 1].min():.6g} to {own[:, ALLOWANCE, 1].max():.6g}"
    assert "drift_allowance_speed" not in shown
    assert shown["noise_limit_flow"] == f"{pump.panel.tables.noise_limit[1]:.6g}"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([room_rows(250)], "a panel needs 300 .*it takes 200 readings .--detector isolation_forest"),
        ([np.where([True, False], 21.0, room_rows(3600))], "temperature never changes"),
        ([np.where([True, False], np.nan, room_rows(3600))], "no reading measures temperature"),
    ],
)
def test_rows_that_cannot_make_a_panel_are_refused_with_the_reason(values: list[FloatArray], reason: str) -> None:
    with pytest.raises(NotTrainable, match=reason):
        PanelTrainer().fit(training_rows(values), profile(ROOM))


def test_a_profile_of_conditions_only_is_refused() -> None:
    with pytest.raises(NotTrainable, match="none is left to judge"):
        PanelTrainer().fit(training_rows([pump_rows(600)[:, :1]]), profile(("speed",)))


def test_a_machine_that_hardly_ran_is_refused() -> None:
    standing = pump_rows(3600)
    standing[200:, 0] = np.random.default_rng(0).normal(0.5, 0.1, 3400)

    with pytest.raises(NotTrainable, match="in operation"):
        PanelTrainer().fit(training_rows([standing]), profile(PUMP))


def test_a_sensor_with_too_few_rows_is_left_to_learn(room: PanelDetector) -> None:
    fitted = PanelTrainer().fit(training_rows([*rooms(), room_rows(100, machine=5)]), profile(ROOM))

    assert fitted.metrics["sensors"] == 2.0
    assert fitted.metrics["sensors_with_too_few_rows"] == 1.0


def test_four_hundred_rows_make_a_panel_without_noise_and_drift() -> None:
    fitted = PanelTrainer().fit(training_rows(rooms(400, machines=1)), profile(ROOM))

    assert fitted.parameters["kinds_at_work"] == "spike, shift, stuck, outside"
    assert np.isnan(fitted.training_scores[:, [KINDS.index("noise"), KINDS.index("drift")]]).all()


def test_stretches_between_gaps_are_trained_on_as_stretches() -> None:
    rows = training_rows(rooms())
    gaps = replace(rows, recorded_at_us=rows.recorded_at_us + 60_000_000 * (np.arange(len(rows)) // 900))

    fitted = PanelTrainer().fit(gaps, profile(ROOM))

    assert 0.05 < fitted.metrics["share_unjudged"] < 0.08


def test_a_tenth_and_a_hundredth_of_gross_faults_are_left_out_of_training_and_healthy_rows_are_not() -> None:
    fitted = {share: PanelTrainer().fit(training_rows(with_faults(share)), profile(ROOM)) for share in (0.0, 0.01, 0.1)}

    left_out = {share: one.metrics["rows_contaminated"] for share, one in fitted.items()}
    assert left_out[0.0] == 0
    assert 60 <= left_out[0.01] <= 75
    assert 720 <= left_out[0.1] <= 730
    limits = {share: float(one.parameters["spike_limit_temperature"]) for share, one in fitted.items()}
    assert limits[0.1] == pytest.approx(limits[0.0], rel=0.15)
    # Too few for the forest to notice, but apart from all sound rows in the spike's own measure.
    assert limits[0.01] == pytest.approx(limits[0.0], rel=0.3)


def test_a_forest_votes_only_where_its_scores_fall_into_two_groups() -> None:
    healthy = np.random.default_rng(1).normal(0.45, 0.03, 4000)
    faults = np.full(80, 0.7)

    assert not contaminated(healthy).any()
    assert contaminated(np.concatenate([np.clip(healthy, 0, 0.47), faults])).sum() == 80
    assert not contaminated(np.clip(healthy, 0, 0.47)).any()


def test_an_artifact_whose_numbers_do_not_fit_is_refused(room: PanelDetector) -> None:
    artifact = to_artifact(room)

    for name in ("numbers", "weights", "spike_limit", "joint_limit"):
        with pytest.raises(NotAnArtifact):
            load_detector(pack(replace(artifact, arrays={**artifact.arrays, name: np.zeros((1, 1, 1))})))
    with pytest.raises(NotAnArtifact):
        load_detector(pack(replace(artifact, header={"detector": "panel"})))
    assert unpack(pack(artifact)).header["detector"] == "panel"
