"""Whether two numbers are the same answer: to the bit on one runtime, within a band on another."""

import math
import struct
from typing import Final

BAND: Final = 1e-6
"""Relative to max(1, |score|): what another version of the engine that scores may differ by."""


def same_bits(one: float, other: float) -> bool:
    """Return whether two doubles are the same bytes; so NaN is NaN, and 0.0 is not -0.0."""
    return struct.pack("<d", one) == struct.pack("<d", other)


def within_band(one: float, other: float) -> bool:
    """Return whether `other` is as near to the recorded `one` as another runtime may come."""
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return abs(one - other) <= BAND * max(1.0, abs(one))


def same_number(recorded: float, found: float, *, same_runtime: bool) -> bool:
    """Return whether two scores are one answer."""
    return same_bits(recorded, found) or (not same_runtime and within_band(recorded, found))


def same_decision(recorded_ratio: float, *, abnormal: bool, same_runtime: bool) -> bool:
    """Return whether a reading judged abnormal with `recorded_ratio` is so again; inside the band both are."""
    return abnormal or (not same_runtime and abs(recorded_ratio - 1.0) <= BAND * max(1.0, abs(recorded_ratio)))
