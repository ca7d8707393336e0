"""The compiled pass is the one its source describes."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from ml.artifact import pack
from ml.panel.detector import PanelDetector, to_artifact
from tests.unit.ml.panel.machines import batch, pump_rows, state_of

_SCRIPT = """
import sys
import numpy as np
from ml.loading import load_detector
from ml.detector import Batch
from pathlib import Path
folder = Path(sys.argv[1])
detector = load_detector((folder / "model").read_bytes())
rows = np.load(folder / "rows.npy")
panel = type(detector)(panel=detector.panel)
batch = Batch(values=rows, recorded_at_us=np.arange(len(rows)) * 1_000_000, sensors=np.zeros(len(rows), np.int64))
verdicts, states = panel.score(batch, panel.fresh(machine_id="machine-1", sensor_id="main")[np.newaxis])
np.savez(folder / "said.npz", ratios=verdicts.ratios, states=states)
"""


def test_the_compiled_pass_says_what_its_source_says(pump: PanelDetector, tmp_path: Path) -> None:
    """Compiled code is kept per source file, so a change in a file of steps can leave an old pass behind.

    When this fails after such a change: delete the folders `__pycache__` under ml/panel.
    """
    rows = pump_rows(1500, machine=1, seed=9)
    rows[900:, 2] += 0.6
    (tmp_path / "model").write_bytes(pack(to_artifact(pump)))
    np.save(tmp_path / "rows.npy", rows)

    subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(tmp_path)],
        check=True,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    compiled, states = PanelDetector(panel=pump.panel).score(batch(rows), state_of(pump, 1))
    with np.load(tmp_path / "said.npz") as said:
        np.testing.assert_allclose(compiled.ratios, said["ratios"], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(states, said["states"], rtol=1e-9, atol=1e-9)
