"""Which channels of a profile can be learned from in a set of rows, and why the others can't."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from domain.profiles import ProfileDefined, Role
from ml.detector import FloatArray

RARE: Final = 0.5
"""A channel that fewer rows measure than this is rare: with it hardly a row would be complete."""


def left_out(values: FloatArray, profile: ProfileDefined) -> Mapping[str, str]:
    """Return the channels that training leaves out, with the reason; values (n, c) in the profile's order."""
    reasons: dict[str, str] = {}
    for place, channel in enumerate(profile.channels):
        given = values[:, place][~np.isnan(values[:, place])]
        if not len(given):
            reasons[channel.name] = "is never measured"
        elif (given == given[0]).all():
            reasons[channel.name] = f"never changes ({given[0]:g})"
        elif len(given) < RARE * len(values):
            reasons[channel.name] = f"is measured in {len(given) / len(values):.1%} of the rows"
    kept = [channel for channel in profile.channels if channel.name not in reasons]
    if kept and all(channel.role == Role.CONDITION for channel in kept):
        return {channel.name: reasons.get(channel.name, "is a condition") for channel in profile.channels}
    return reasons
