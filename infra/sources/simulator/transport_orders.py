"""Transport faults as people order them on the command line: `duplicates@pump-07,at=20s,for=1m`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from infra.sources.simulator.fault_orders import FaultNotUnderstood, seconds_of
from infra.sources.simulator.fleet import Station
from infra.sources.simulator.transport import SHARES, TransportFault, TransportKind

FORM: Final = "KIND@MACHINE[,at=20s][,for=10m][,share=0.1]"

_ORDER: Final = re.compile(r"(?P<kind>[a-z-]+)@(?P<machine>[^,]+)(?P<options>(?:,[^,]+)*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportOrder:
    """A transport fault of one machine; `at_s` counts from the beginning of live running and is negative before it."""

    kind: TransportKind
    machine: str
    at_s: float
    lasts_s: float | None
    share: float


def parse_transport_order(text: str) -> TransportOrder:
    """Return what a person ordered.

    Raises:
        FaultNotUnderstood: it is not of the form FORM.
    """
    found = _ORDER.fullmatch(text.strip())
    if found is None:
        raise FaultNotUnderstood(f"{text!r} is no transport fault: write {FORM}")
    if found["kind"] not in set(TransportKind):
        raise FaultNotUnderstood(f"{found['kind']!r} is no transport fault; there are {', '.join(TransportKind)}")
    options = dict(option.partition("=")[::2] for option in found["options"].split(",")[1:])
    if strange := set(options) - {"at", "for", "share"}:
        raise FaultNotUnderstood(f"{text!r}: {', '.join(sorted(strange))} is not understood; write {FORM}")
    kind = TransportKind(found["kind"])
    try:
        share = float(options.get("share", SHARES[kind]))
    except ValueError as error:
        raise FaultNotUnderstood(f"{text!r}: share {options['share']!r} is no number") from error
    if not 0 < share <= 1:
        raise FaultNotUnderstood(f"{text!r}: share lies above 0 and not above 1")
    return TransportOrder(
        kind=kind,
        machine=found["machine"],
        at_s=seconds_of(options.get("at", "0s")),
        lasts_s=seconds_of(options["for"]) if "for" in options else None,
        share=share,
    )


def ordered_transport_fault(order: TransportOrder, stations: Sequence[Station], *, live_us: int) -> TransportFault:
    """Return the fault in µs since 1970 UTC; `live_us` is when live running begins.

    Raises:
        FaultNotUnderstood: the fleet has no such machine.
    """
    if order.machine not in {station.machine_id for station in stations}:
        there = ", ".join(station.machine_id for station in stations)
        raise FaultNotUnderstood(f"there is no machine {order.machine!r}; there are {there}")
    begins = live_us + round(order.at_s * 1e6)
    return TransportFault(
        kind=order.kind,
        machine=order.machine,
        from_us=begins,
        until_us=None if order.lasts_s is None else begins + round(order.lasts_s * 1e6),
        share=order.share,
    )
