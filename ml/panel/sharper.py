"""What a panel of the second generation knows beyond the first's tables.

m sensors known from training, k channels that the joint kind takes together.
"""

from typing import Final, NamedTuple

import numpy as np

from ml.detector import FloatArray, IntArray
from ml.panel.options import OFF

LAGS: Final = 2
"""Readings back that a forecast looks."""

JOINT_TESTS: Final = ("step", "step_10", "step_60", "fit", "fit_10", "fit_60", "level_10", "level_60")
"""Statistics of the joint kind, in the order of its limits."""


class Sharper(NamedTuple):
    """The second generation's part of a model; `without` gives one that judges nothing."""

    noise_usual: FloatArray
    """(c,) scatter over V₀ that training found usual: an alarm of the noise is counted from there."""
    bounds: FloatArray
    """(m, 2, c) lowest and highest that a fast mean of r may stand from the reference, in r's unit."""
    swings: FloatArray
    """(m, c) what r ordinarily swings about its reference (root of the mean square)."""
    strange_bounds: FloatArray
    """(2, c) the same in σₑ, for a sensor that training did not know."""
    together: IntArray
    """(k,) columns that the joint kind judges; none: it is off."""
    centres: FloatArray
    """(m, k) where each sensor's r ordinarily is."""
    scale: FloatArray
    """(k,) what r ordinarily differs by from its centre."""
    step: FloatArray
    """(k,) σₑ in that scale."""
    forecast: FloatArray
    """(k, 2k) a channel's place from the places of all, one and two readings ago."""
    step_white: FloatArray
    """(k, k) makes ordinary errors of the forecast alike in every direction."""
    mean: FloatArray
    """(k,)"""
    white: FloatArray
    """(k, k) makes ordinary places alike in every direction."""
    caps: FloatArray
    """(2,) beyond which a step's and a fit's square count no more in their means."""
    memory: FloatArray
    """(2,) weight of a new reading in the slow level, and in the slow squares."""
    joint_limits: FloatArray
    """(8,) T by JOINT_TESTS."""


class Packed(NamedTuple):
    """`Sharper` as the compiled pass takes it: few arrays, since a call counts references to every one of them."""

    channels: FloatArray
    """(3, c) NOISE_USUAL, STRANGE_LOW, STRANGE_HIGH."""
    sensors: FloatArray
    """(m, 3, c) LOW, HIGH, SWING."""
    together: IntArray
    centres: FloatArray
    vectors: FloatArray
    """(3, k) SCALE, STEP, MEAN."""
    matrices: FloatArray
    """(k, 4k) forecast, then step_white, then white."""
    numbers: FloatArray
    """(12,) STEP_CAP, FIT_CAP, SLOW_LEVELS, SLOW_SQUARES, then the limits from FIRST_LIMIT on."""


NOISE_USUAL: Final = 0
STRANGE_LOW: Final = 1
STRANGE_HIGH: Final = 2
LOW: Final = 0
HIGH: Final = 1
ORDINARY_SWING: Final = 2
SCALE: Final = 0
STEP: Final = 1
MEAN: Final = 2
STEP_CAP: Final = 0
FIT_CAP: Final = 1
SLOW_LEVELS: Final = 2
SLOW_SQUARES: Final = 3
FIRST_LIMIT: Final = 4


def packed(sharper: Sharper) -> Packed:
    """Return the same numbers for the pass."""
    return Packed(
        channels=np.vstack([sharper.noise_usual, sharper.strange_bounds]),
        sensors=np.concatenate([sharper.bounds, sharper.swings[:, np.newaxis]], axis=1),
        together=sharper.together.copy(),
        centres=sharper.centres.copy(),
        vectors=np.vstack([sharper.scale, sharper.step, sharper.mean]),
        matrices=np.ascontiguousarray(np.hstack([sharper.forecast, sharper.step_white, sharper.white])),
        numbers=np.concatenate([sharper.caps, sharper.memory, sharper.joint_limits]),
    )


def without(*, channels: int, sensors: int = 0) -> Sharper:
    """Return tables that leave the first generation's kinds as they are and add no verdict."""
    none = np.zeros(0)
    bounds = np.full((sensors, 2, channels), OFF)
    bounds[:, 0] = -OFF
    strange = np.full((2, channels), OFF)
    strange[0] = -OFF
    return Sharper(
        noise_usual=np.zeros(channels),
        bounds=bounds,
        swings=np.full((sensors, channels), OFF),
        strange_bounds=strange,
        together=np.zeros(0, dtype=np.int64),
        centres=np.zeros((sensors, 0)),
        scale=none,
        step=none,
        forecast=np.zeros((0, 0)),
        step_white=np.zeros((0, 0)),
        mean=none,
        white=np.zeros((0, 0)),
        caps=np.full(2, OFF),
        memory=np.zeros(2),
        joint_limits=np.full(len(JOINT_TESTS), OFF),
    )
