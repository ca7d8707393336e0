"""Faults as people order them on the command line: `bearing@pump-07,at=20s,over=30s`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.profiles import Role
from infra.sources.simulator.faults import MACHINE_FAULTS, SHAPES, Fault, FaultKind
from infra.sources.simulator.fleet import Station, can_fail
from infra.sources.simulator.profiles import SIMULATED

FORM: Final = "KIND@MACHINE[/SENSOR][:CHANNEL][,at=20s][,for=10m][,over=30s][,size=2]"
DEFAULT_AT_S: Final = 10.0
"""Seconds from the beginning of live running until an ordered fault starts."""

_ORDER: Final = re.compile(
    r"(?P<kind>[a-z]+)@(?P<machine>[^/:,]+)(?:/(?P<sensor>[^:,]+))?(?::(?P<channel>[^,]+))?(?P<options>(?:,[^,]+)*)"
)
_DURATION: Final = re.compile(r"(?P<number>-?\d+(?:\.\d+)?)(?P<unit>s|m|min|h|d)?")
_SECONDS: Final = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, None: 1.0}


class FaultNotUnderstood(ValueError):
    """The order is not of that form, or names what the fleet does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultOrder:
    """A fault of one machine; times in seconds, `at_s` from the beginning of live running and negative before it."""

    kind: FaultKind
    machine: str
    sensor: str | None
    channel: str | None
    at_s: float
    lasts_s: float | None
    over_s: float | None
    size: float | None


def seconds_of(text: str) -> float:
    """Return a duration such as 90s, 10m, 2h, 1d or plain seconds, in seconds.

    Raises:
        FaultNotUnderstood: it is none.
    """
    if (found := _DURATION.fullmatch(text.strip())) is None:
        raise FaultNotUnderstood(f"{text!r} is no duration: write 90s, 10m, 2h or 1d")
    return float(found["number"]) * _SECONDS[found["unit"]]


def parse_order(text: str) -> FaultOrder:
    """Return what a person ordered.

    Raises:
        FaultNotUnderstood: it is not of the form FORM.
    """
    found = _ORDER.fullmatch(text.strip())
    if found is None:
        raise FaultNotUnderstood(f"{text!r} is no fault: write {FORM}")
    if found["kind"] not in set(FaultKind):
        raise FaultNotUnderstood(f"{found['kind']!r} is no kind of fault; there are {', '.join(FaultKind)}")
    options = dict(option.partition("=")[::2] for option in found["options"].split(",")[1:])
    if strange := set(options) - {"at", "for", "over", "size"}:
        raise FaultNotUnderstood(f"{text!r}: {', '.join(sorted(strange))} is not understood; write {FORM}")
    try:
        size = float(options["size"]) if "size" in options else None
    except ValueError as error:
        raise FaultNotUnderstood(f"{text!r}: size {options['size']!r} is no number") from error
    return FaultOrder(
        kind=FaultKind(found["kind"]),
        machine=found["machine"],
        sensor=found["sensor"],
        channel=found["channel"],
        at_s=seconds_of(options["at"]) if "at" in options else DEFAULT_AT_S,
        lasts_s=seconds_of(options["for"]) if "for" in options else None,
        over_s=seconds_of(options["over"]) if "over" in options else None,
        size=size,
    )


def ordered_fault(order: FaultOrder, stations: Sequence[Station], *, live_tick: int, interval_s: float) -> Fault:
    """Return the fault in ticks of `interval_s`; live running begins at `live_tick`.

    Raises:
        FaultNotUnderstood: the fleet has no such machine, sensor or channel, or the machine can't fail so.
    """
    station = next((one for one in stations if one.machine_id == order.machine), None)
    if station is None:
        raise FaultNotUnderstood(
            f"no machine {order.machine!r} here; there are {', '.join(one.machine_id for one in stations)}"
        )
    if not can_fail(station, order.kind):
        raise FaultNotUnderstood(f"{order.kind} does not happen to {station.machine_id}, a {station.kind}")
    shape = SHAPES[order.kind]
    at = max(0, live_tick + round(order.at_s / interval_s))
    lasts = shape.lasts if order.lasts_s is None else max(1, round(order.lasts_s / interval_s))
    return Fault(
        kind=order.kind,
        at=at,
        end=None if lasts is None else at + lasts,
        size=shape.size if order.size is None else order.size,
        over=shape.over if order.over_s is None else round(order.over_s / interval_s),
        sensor=_place("sensor", order.sensor, station.sensors, station) if order.sensor else 0,
        channel=_channel(order, station),
    )


def _channel(order: FaultOrder, station: Station) -> int:
    channels = [channel.name for channel in SIMULATED[station.kind]]
    if order.channel is not None and order.kind in MACHINE_FAULTS:
        raise FaultNotUnderstood(f"{order.kind} shows in several channels; leave :{order.channel} out")
    if order.channel is not None:
        return _place("channel", order.channel, channels, station)
    # Vibration tells most; every kind has it.
    return next(
        place
        for place, channel in enumerate(SIMULATED[station.kind])
        if channel.name == "vibration" and channel.role == Role.RESPONSE
    )


def _place(what: str, name: str, names: Sequence[str], station: Station) -> int:
    if name not in names:
        raise FaultNotUnderstood(f"{station.machine_id} has no {what} {name!r}; it has {', '.join(names)}")
    return list(names).index(name)
