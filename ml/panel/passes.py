"""The pass over one sensor's training rows, from a fresh state."""

import numpy as np

from ml.detector import FloatArray
from ml.panel.kernel import Findings, empty_findings, run_panel
from ml.panel.learning import provisional
from ml.panel.options import SECOND, Pace
from ml.panel.rows import SensorRows
from ml.panel.sharper import Sharper, packed, without
from ml.panel.state import fresh_state
from ml.panel.tables import Tables


def scan(
    rows: SensorRows,
    numbers: FloatArray,
    *,
    tables: Tables,
    pace: Pace,
    statistics: bool = True,
    sharper: Sharper | None = None,
) -> Findings:
    """Return what the pass finds in a known sensor's rows; `numbers`: float64 array (PERSONAL_FIELDS, c).

    `sharper` holds the second generation's tables for this one sensor; without them its own kinds find nothing.
    """
    count, channels = rows.values.shape
    state = fresh_state(0.0, channels=channels, drivers=len(tables.drivers), generation=SECOND)
    findings = empty_findings(count, channels, statistics=statistics)
    run_panel(
        rows.values,
        np.zeros(count, dtype=np.int64),
        rows.gaps,
        state[np.newaxis],
        np.ascontiguousarray(numbers)[np.newaxis],
        provisional(channels),
        tables,
        packed(without(channels=channels, sensors=1) if sharper is None else sharper),
        pace,
        findings,
    )
    return findings
