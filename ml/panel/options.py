"""The panel's constants: how long it remembers, when it keeps silent, how many false incidents it may cost.

They are trained with and stored in the model, so a later change of a default changes no model that exists.
"""

from collections.abc import Mapping
from math import ceil, exp
from typing import Any, Final, NamedTuple

KINDS: Final = ("spike", "shift", "noise", "drift", "stuck")
"""Columns of every matrix of ratios, in this order; a panel of the first generation has no others."""
SHARPER_KINDS: Final = (*KINDS, "joint", "outside", "wear")
"""Those of the second generation. `wear` is written down and calls nobody."""
WRITTEN_ONLY: Final = frozenset({"wear"})

SPIKE: Final = 0
SHIFT: Final = 1
NOISE: Final = 2
DRIFT: Final = 3
STUCK: Final = 4
JOINT: Final = 5
OUTSIDE: Final = 6
WEAR: Final = 7

OFF: Final = 1e9
"""A limit so large that its test never speaks: the number that stands for "not judged"."""

DAY_S: Final = 86_400.0


class Options(NamedTuple):
    """What is chosen, not learned. Readings and seconds are told apart by name.

    The options after `learning_readings` came with the second generation; `FIRST_GENERATION` has them without effect.
    """

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
    generation: int = 2
    block_s: float = 60.0
    """A block of the drift is as long as this, within `least_block` and `block_readings`."""
    least_block: float = 6.0
    settle_s: float = 1800.0
    """A beginning settles for `settle_readings`, but no longer than this or `least_settle`, whichever is longer."""
    least_settle: float = 6.0
    scatter_s: float = 7200.0
    """The scatter's window, and the joint kind's long ones, are no longer than this or `least_scatter` readings."""
    least_scatter: float = 20.0
    armed_least: int = 400
    armed_days: float = 2.0
    """So many rows over so many days arm noise, drift and the band too: a slow meter has few rows but saw much."""
    horizon_days: float = 3.0
    """What wanders is given the room of a random walk over so many days, however short the training."""
    reference_s: float = 86_400.0
    """How slowly the drift's reference follows the level (time constant); at least `reference_readings`."""
    reference_readings: float = 600.0
    restless_s: float = 43_200.0
    """Memory of how restless the level of a channel was: shifts are not judged more finely than that."""
    restless_readings: float = 10_000.0
    restless_factor: float = 1.0
    restless_clip: float = 8.0
    """A level further from its baseline than so many σ_f counts no more: one fault makes no restless channel."""
    swing_s: float = 259_200.0
    """Memory of how far a channel swung about its reference, and of how much it scattered."""
    swing_readings: float = 2000.0
    swing_factor: float = 2.0
    joint_level_s: float = 86_400.0
    """How slowly the joint kind's centre follows; at least `joint_level_readings`."""
    joint_level_readings: float = 2000.0
    joint_blocks: int = 4
    """Stretches of an only machine's training that are judged by what the others taught."""
    outside_swing: float = 1.2
    """Where a channel has lately swung more about its reference than so many times what it did in training, its bounds
    are wider in proportion."""
    outside_rise: float = 1.25
    """A level that lingers at its bound alarms once: it must come back to `outside_back` or rise by so much."""
    outside_back: float = 0.7
    outside_wait_s: float = 60.0
    """A level must be outside for so long before it is an alarm, at least for one reading."""
    outside_margin: float = 0.1
    """Room beyond the extremes, as a share of what training saw between them."""
    outside_unsure: float = 0.8
    """More of it, divided by the twelfths of the training that went through half of it or more."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of a panel with these options."""
        return KINDS if self.generation < SECOND else SHARPER_KINDS


SECOND: Final = 2
FIRST_GENERATION: Final = Options(generation=1)
_ADDED: Final = Options._fields[Options._fields.index("generation") :]


def options_as_dict(options: Options) -> dict[str, int | float]:
    """Return the options that a model of their generation has: those of the first never heard of the later ones."""
    return {
        name: value for name, value in options._asdict().items() if options.generation >= SECOND or name not in _ADDED
    }


def options_from(values: Mapping[str, object]) -> Options:
    """Return the options that a model or its settings hold; KeyError when they lack something.

    Without a generation they are of the first.
    """
    wanted = Options() if "generation" in values else FIRST_GENERATION
    own: dict[str, Any] = {
        name: type(value)(float(str(values[name]))) for name, value in options_as_dict(wanted).items()
    }
    return wanted._replace(**own)


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
    reference_weight: float
    restless_weight: float
    restless_factor: float
    restless_clip: float
    swing_weight: float
    swing_factor: float
    scatter_weight: float
    outside_swing: float
    outside_rise: float
    outside_back: float
    outside_wait: float
    driver_weight: float
    hold_step: float
    hold_range: float
    settle_readings: float
    gain_spread: float
    readings_per_independent: float
    learning_readings: float
    stuck_budget: float


def pace_of(options: Options, *, interval_s: float, channels: int) -> Pace:
    """Return the numbers of the pass for sensors that speak every `interval_s` seconds.

    Weights of 0 leave out what the second generation follows, to the bit.
    """
    sharper = options.generation >= SECOND
    block, settle, scatter = options.block_readings, options.settle_readings, options.scatter_readings
    if sharper:
        block = min(block, max(options.least_block, round(options.block_s / interval_s)))
        scatter = min(scatter, max(options.least_scatter, round(options.scatter_s / interval_s)))
        settle = min(settle, max(options.least_settle, round(options.settle_s / interval_s)))

    def weight(memory_s: float, readings: float, step_s: float = interval_s) -> float:
        return 1 - exp(-step_s / max(memory_s, readings * interval_s)) if sharper else 0.0

    block_s = block * interval_s
    return Pace(
        interval_s=interval_s,
        fast_weight=1 - exp(-1 / options.fast_readings),
        base_weight=1 - exp(-1 / options.base_readings),
        base_leak=options.base_leak,
        smooth_readings=options.smooth_readings,
        shift_rise=options.shift_rise,
        shift_fall=options.shift_fall,
        scatter_readings=float(scatter),
        scatter_clip=options.scatter_clip,
        block_readings=float(block),
        drift_blocks=options.drift_blocks,
        reference_weight=weight(options.reference_s, options.reference_readings, block_s),
        restless_weight=weight(options.restless_s, options.restless_readings),
        restless_factor=options.restless_factor if sharper else 0.0,
        restless_clip=options.restless_clip,
        swing_weight=weight(options.swing_s, options.swing_readings, block_s),
        swing_factor=options.swing_factor if sharper else 0.0,
        scatter_weight=weight(options.swing_s, options.swing_readings),
        outside_swing=options.outside_swing,
        outside_rise=options.outside_rise,
        outside_back=options.outside_back,
        outside_wait=float(max(1, round(options.outside_wait_s / interval_s))),
        driver_weight=driver_weight(interval_s),
        hold_step=float(ceil(options.hold_step_s / interval_s)),
        hold_range=float(ceil(options.hold_range_s / interval_s)),
        settle_readings=float(settle),
        gain_spread=options.gain_spread,
        readings_per_independent=options.readings_per_independent,
        learning_readings=options.learning_readings,
        stuck_budget=options.false_incidents_per_day / channels,
    )


def driver_weight(interval_s: float) -> float:
    """Return the weight of a new reading in the ten-second mean that the gate compares a driver with."""
    return min(0.5, 0.1 * interval_s)
