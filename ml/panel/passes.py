"""The pass over one sensor's training rows, from a fresh state."""

import numpy as np

from ml.detector import FloatArray
from ml.panel.kernel import Findings, empty_findings, run_panel
from ml.panel.learning import provisional
from ml.panel.options import Pace
from ml.panel.rows import SensorRows
from ml.panel.state import fresh_state
from ml.panel.tables import Tables


def scan(rows: SensorRows, numbers: FloatArray, *, tables: Tables, pace: Pace, statistics: bool = True) -> Findings:
    """Return what the pass finds in a known sensor's rows; `numbers`: float64 array (PERSONAL_FIELDS, c)."""
    count, channels = rows.values.shape
    findings = empty_findings(count, channels, statistics=statistics)
    run_panel(
        rows.values,
        np.zeros(count, dtype=np.int64),
        rows.gaps,
        fresh_state(0.0, channels=channels, drivers=len(tables.drivers))[np.newaxis],
        np.ascontiguousarray(numbers)[np.newaxis],
        provisional(channels),
        tables,
        pace,
        findings,
    )
    return findings
