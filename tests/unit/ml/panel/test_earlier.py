"""A panel that an earlier version trained loads and judges as it did there, to the last digit.

`earlier/pump.model` and what it said of these rows were written by that version, before there was a second generation.
"""

from pathlib import Path
from typing import Final

import numpy as np

from ml.artifact import pack
from ml.detector import FloatArray
from ml.loading import load_detector
from ml.panel.detector import PanelDetector, to_artifact
from ml.panel.options import FIRST_GENERATION, KINDS
from ml.panel.trainer import PanelTrainer, trainer_of
from tests.unit.ml.panel.machines import batch, pump_rows

EARLIER: Final = Path(__file__).parent / "earlier"


def its_rows() -> FloatArray:
    rows = pump_rows(3000, machine=1, seed=9)
    rows[900:1500, 2] += 0.6
    rows[2000:2200, 1] = rows[2000, 1]
    rows[2500, 3] += 9
    return rows


def the_earlier_panel() -> PanelDetector:
    detector = load_detector((EARLIER / "pump.model").read_bytes())
    assert isinstance(detector, PanelDetector)
    return detector


def test_an_earlier_panel_has_the_kinds_state_and_bytes_it_had() -> None:
    detector = the_earlier_panel()

    assert detector.kinds == KINDS
    assert "generation" not in detector.parameters
    assert pack(to_artifact(detector)) == (EARLIER / "pump.model").read_bytes()


def test_an_earlier_panel_says_of_known_and_strange_machines_what_it_said() -> None:
    detector = the_earlier_panel()

    known, after = detector.score(batch(its_rows()), detector.fresh(machine_id="machine-1", sensor_id="main")[None])
    strange, after_strange = detector.score(
        batch(pump_rows(5200, machine=5, seed=4)), detector.fresh(machine_id="stranger", sensor_id="main")[None]
    )

    with np.load(EARLIER / "said.npz") as said:
        for ours, theirs in (
            (known.ratios[::7], said["ratios"]),
            (known.raw[::7], said["raw"]),
            (after, said["states"]),
            (strange.ratios[3600::7], said["stranger"]),
            (after_strange, said["stranger_states"]),
        ):
            # The machine's own logarithm may differ in its last digit; nothing else may.
            np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=0)


def test_the_settings_of_an_earlier_training_train_a_panel_of_its_generation() -> None:
    settings = {name: value for name, value in PanelTrainer().settings.items() if name in FIRST_SETTINGS}

    assert trainer_of(settings).options == FIRST_GENERATION


FIRST_SETTINGS: Final = frozenset(PanelTrainer(options=FIRST_GENERATION).settings)
