"""From what the pass finds to what a detector says: ratios that are above 1 exactly while the alarm stands."""

from typing import Final

import numpy as np

from ml.detector import BoolArray, FloatArray
from ml.panel.kernel import Findings
from ml.panel.options import OFF, SHARPER_KINDS
from ml.panel.sharper import Sharper
from ml.panel.tables import ALLOWANCE, Tables

_JUST_ABOVE: Final = np.nextafter(1.0, 2.0)


def kinds_at_work(tables: Tables, numbers: FloatArray, sharper: Sharper) -> BoolArray:
    """Return which kinds judge any sensor: bool array (8,). Too short a training leaves some out.

    numbers: float64 array (sensors, PERSONAL_FIELDS, c), those known from training.
    """
    allowances = np.vstack([tables.allowance, numbers[:, ALLOWANCE]])
    judged = tables.judged
    steady = judged & ~tables.wanders
    at_work = {
        "spike": judged.any(),
        "shift": steady.any(),
        "noise": (steady & (tables.noise_limit < OFF)).any(),
        "drift": (steady & (allowances < OFF)).any(),
        "stuck": True,
        "joint": len(sharper.together) > 0,
        "outside": (judged & (sharper.strange_bounds[1] < OFF)).any(),
        "wear": (steady & (allowances < OFF)).any(),
    }
    return np.array([bool(at_work[kind]) for kind in SHARPER_KINDS])


def ratios_of(findings: Findings, kinds: slice, at_work: BoolArray) -> FloatArray:
    """Return the ratios people see, of the first `kinds`: float64 array (n, k); NaN where a kind did not judge.

    An alarm with hysteresis holds its ratio just above 1 after the statistic has fallen below, and one that waits for a
    clearer rise is held at 1.
    """
    ratios = findings.ratios[:, kinds]
    held = np.where(findings.alarms[:, kinds], np.maximum(ratios, _JUST_ABOVE), np.minimum(ratios, 1.0))
    return np.where(findings.judged[:, np.newaxis] & at_work, held, np.nan)


def raw_of(findings: Findings, kinds: slice, at_work: BoolArray) -> FloatArray:
    """Return the deciding statistic of each of the first `kinds`: float64 array (n, k).

    spike: deviation in σₑ; shift: smoothed deviation in σ_f; noise: scatter over the ordinary one; drift: distance from
    the reference in σₑ; stuck: equal readings in a row; joint: root of the decisive square; outside: distance from the
    reference in σₑ; wear: distance from where training found the level, in allowances.
    """
    return np.where(findings.judged[:, np.newaxis] & at_work, findings.raw[:, kinds], np.nan)
