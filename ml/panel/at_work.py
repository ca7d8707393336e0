"""What a trained panel can't judge, channel by channel, and why: said before anybody relies on it."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from ml.panel.options import OFF
from ml.panel.parameters import PanelParameters
from ml.panel.tables import ALLOWANCE, OFFSET, REFERENCE, STUCK_LIMIT

SILENT: Final = "not_at_work_"
"""Begins the name of a parameter that says what of a channel is not judged and why; the channel's name follows."""
RANGE: Final = "working_range_"
"""Begins the name of a parameter that says between what values a channel is inside all that training saw."""

_WANDERS: Final = "it wanders more than so short a training can tell"
_FEW: Final = "the training has too few rows"
_REPEATS: Final = "it hardly ever changes, so that a repeated value says nothing"
_ALONE: Final = "no second channel is judged beside it"
_SHORT: Final = "the training is shorter than half an hour, or too few rows follow one another"


def silent_kinds(panel: PanelParameters) -> Mapping[str, str]:
    """Return by channel the kinds that don't judge it, each with its reason; a channel that all judge is left out."""
    told: dict[str, str] = {}
    for column, channel in enumerate(panel.channels):
        if not panel.tables.judged[column]:
            told[channel] = "all but stuck: it is a condition"
            continue
        reasons: dict[str, list[str]] = {}
        for kind, reason in _silent(panel, column).items():
            reasons.setdefault(reason, []).append(kind)
        if reasons:
            told[channel] = "; ".join(f"{', '.join(kinds)}: {reason}" for reason, kinds in reasons.items())
    return told


def _silent(panel: PanelParameters, column: int) -> Mapping[str, str]:
    tables, own = panel.tables, panel.numbers[:, :, column]
    silent: dict[str, str] = {}
    if tables.wanders[column]:
        silent |= dict.fromkeys(("shift", "noise", "drift"), _WANDERS)
    elif tables.noise_limit[column] >= OFF:
        silent |= dict.fromkeys(("noise", "drift"), _FEW)
    elif (own[:, ALLOWANCE] >= OFF).all():
        silent["drift"] = _WANDERS
    if (own[:, STUCK_LIMIT] >= OFF).all():
        silent["stuck"] = _REPEATS
    if not len(panel.sharper.together):
        silent["joint"] = _ALONE if tables.judged.sum() == 1 else _SHORT
    return silent


def working_ranges(panel: PanelParameters) -> Mapping[str, str]:
    """Return by judged channel the values within which it is not outside, over the sensors known from training.

    With conditions these are the values at their ordinary level; what they explain comes on top.
    """
    ranges: dict[str, str] = {}
    for column in np.flatnonzero(panel.tables.judged).tolist():
        middle = panel.numbers[:, OFFSET, column] + panel.numbers[:, REFERENCE, column]
        low, high = middle + panel.sharper.bounds[:, 0, column], middle + panel.sharper.bounds[:, 1, column]
        if (panel.sharper.bounds[:, 1, column] < OFF).all():
            ranges[panel.channels[column]] = f"{low.min():.5g} to {high.max():.5g}"
    return ranges
