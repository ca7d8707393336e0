"""The panel's constants: how long it remembers, when it keeps silent, how many false incidents it may cost.

They are trained with and stored in the model, so a later change of a default changes no model that exists.
"""

from math import ceil, exp
from typing import Final, NamedTuple

KINDS: Final = ("spike", "shift", "noise", "drift", "stuck")
"""Columns of every matrix of ratios, in this order."""

SPIKE: Final = 0
SHIFT: Final = 1
NOISE: Final = 2
DRIFT: Final = 3
STUCK: Final = 4

OFF: Final = 1e9
"""A limit so large that its test never speaks: the number that stands for "not judged"."""

DAY_S: Final = 86_400.0


class Options(NamedTuple):
    """What is chosen, not learned. Readings and seconds are told apart by name."""

    false_incidents_per_day: float = 0.02
    """Budget of each kind and machine-day; divided by the channels."""
    fast_readings: float = 5.0
    base_readings: float = 150.0
    base_leak: float = 1 / 40
    """Share of its rate at which the shift's baseline goes on learning while in alarm: a new normal ends the alarm."""
    smooth_readings: float = 12.0
    shift_rise: float = 0.7
    """Logarithm by which a shift must rise above its last trough, so that one that lingers alarms once."""
    shift_fall: float = 1.2
    scatter_readings: float = 60.0
    scatter_clip: float = 16.0
    """e² beyond it is a spike's business, not the scatter's."""
    block_readings: float = 60.0
    drift_blocks: float = 10.0
    gate_step: float = 0.01
    """Smallest change of a driver, as a share of its range, that can close the gate."""
    hold_step_s: float = 30.0
    hold_range_s: float = 180.0
    settle_readings: float = 60.0
    gain_spread: float = 0.2
    """κ: machines of one kind differ in gain by about so much (standard deviation)."""
    readings_per_independent: float = 20.0
    """Neighbouring residuals repeat one another; so many of them weigh like one independent reading."""
    slow_wander: float = 8.0
    calm_wander: float = 4.0
    full_day: float = 0.9
    full_rows: int = 3600
    """With fewer rows no tail is fitted to the shift's levels."""
    short_shift: float = 2.0
    """So many times the 99 % quantile of a level is the shift's threshold then."""
    armed_rows: int = 1800
    """With fewer rows noise, drift and the band are not judged."""
    gap_intervals: float = 20.0
    learning_readings: float = 3600.0
    """Judgeable readings that a sensor unknown to the training shows before it is judged."""


class Pace(NamedTuple):
    """`Options` for one expected interval, as the compiled pass takes them."""

    interval_s: float
    fast_weight: float
    base_weight: float
    base_leak: float
    smooth_readings: float
    shift_rise: float
    shift_fall: float
    scatter_readings: float
    scatter_clip: float
    block_readings: float
    drift_blocks: float
    driver_weight: float
    hold_step: float
    hold_range: float
    settle_readings: float
    gain_spread: float
    readings_per_independent: float
    learning_readings: float
    stuck_budget: float


def pace_of(options: Options, *, interval_s: float, channels: int) -> Pace:
    """Return the numbers of the pass for sensors that speak every `interval_s` seconds."""
    return Pace(
        interval_s=interval_s,
        fast_weight=1 - exp(-1 / options.fast_readings),
        base_weight=1 - exp(-1 / options.base_readings),
        base_leak=options.base_leak,
        smooth_readings=options.smooth_readings,
        shift_rise=options.shift_rise,
        shift_fall=options.shift_fall,
        scatter_readings=options.scatter_readings,
        scatter_clip=options.scatter_clip,
        block_readings=options.block_readings,
        drift_blocks=options.drift_blocks,
        driver_weight=driver_weight(interval_s),
        hold_step=float(ceil(options.hold_step_s / interval_s)),
        hold_range=float(ceil(options.hold_range_s / interval_s)),
        settle_readings=options.settle_readings,
        gain_spread=options.gain_spread,
        readings_per_independent=options.readings_per_independent,
        learning_readings=options.learning_readings,
        stuck_budget=options.false_incidents_per_day / channels,
    )


def driver_weight(interval_s: float) -> float:
    """Return the weight of a new reading in the ten-second mean that the gate compares a driver with."""
    return min(0.5, 0.1 * interval_s)
