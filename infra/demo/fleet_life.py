"""The demo's simulated fleet: its history in two halves, then its life, with one fault nobody told the scorer of."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread
from typing import Final

from commands.define_profile import DefineProfile
from domain.profiles import ProfileDefined
from infra.sources.simulator.fault_orders import ordered_fault, parse_order
from infra.sources.simulator.faults import Fault
from infra.sources.simulator.fleet import Station, fleet, history_faults
from infra.sources.simulator.profiles import SIMULATED, TICK_S
from infra.sources.simulator.stream import SystemClock, append_history, run_live
from infra.sources.simulator.world import World, WorldPlan
from infra.wiring.container import Container

MACHINES: Final = 12
SEED: Final = 8
FAULT: Final = parse_order("bearing@pump-07,at=10s,over=20s")
"""A bearing that fails within seconds of being ordered, so that nobody has to wait; a real one takes an hour."""

_MICROSECONDS: Final = 1_000_000


class FleetLife:
    """A fleet whose history of `ticks` ends about now, and that lives on from there."""

    def __init__(self, intake: Container, plan: WorldPlan, ticks: int) -> None:
        self.plan: Final = plan
        self.ticks: Final = ticks
        self.half: Final = ticks // 2
        """First tick of the second half."""
        self._intake = intake
        self._past = World(plan)

    def moment_us(self, tick: int) -> int:
        """Return when a tick is, in µs since 1970 UTC."""
        return self.plan.start_us + tick * self.plan.interval_us

    def faults(self) -> list[tuple[Station, Fault]]:
        """Return the labelled faults of the history by their onset."""
        pairs = [(one, fault) for one in self.plan.stations for fault in self.plan.faults.get(one.machine_id, ())]
        return sorted(pairs, key=lambda pair: pair[1].at)

    def append(self, ticks: range) -> int:
        """Append a stretch of the history and return how many readings it has; stretches are asked for in order."""
        with self._intake.appender() as sink:
            return append_history(self._past, sink, ticks=ticks)

    @contextmanager
    def lives(self) -> Iterator[int]:
        """Append readings at their moments as long as the block runs; yield when FAULT begins, in µs since 1970.

        What has become due since the history's end is appended at once.
        """
        now = self.plan.tick_at(time.time_ns() // 1000)
        fault = ordered_fault(FAULT, self.plan.stations, live_tick=now, interval_s=TICK_S)
        plan = replace(self.plan, faults={**self.plan.faults, FAULT.machine: (fault,)})
        stopped = Event()

        def live() -> None:
            with self._intake.appender() as sink:
                run_live(
                    World(plan),
                    plan,
                    sink,
                    first_tick=self.ticks,
                    running=lambda: not stopped.is_set(),
                    clock=SystemClock(),
                )

        thread = Thread(target=live, name="fleet", daemon=True)
        thread.start()
        try:
            yield self.moment_us(fault.at)
        finally:
            stopped.set()
            thread.join(10)


def begin(intake: Container, *, history_s: float) -> FleetLife:
    """Return the fleet with its profiles defined; nothing is appended yet."""
    profiles = {kind: _profile(intake, kind) for kind in SIMULATED}
    stations = fleet(MACHINES, seed=SEED)
    ticks = round(history_s / TICK_S)
    interval_us = round(TICK_S * _MICROSECONDS)
    faults = history_faults(stations, ticks, seed=SEED)
    # The machine of the live fault has a healthy past, so that its fault is news.
    faults.pop(FAULT.machine, None)
    now_us = time.time_ns() // 1000 // _MICROSECONDS * _MICROSECONDS
    plan = WorldPlan(
        stations=stations,
        profiles=profiles,
        faults=faults,
        start_us=now_us - ticks * interval_us,
        interval_us=interval_us,
    )
    return FleetLife(intake, plan, ticks)


def _profile(intake: Container, kind: str) -> ProfileDefined:
    command = DefineProfile(name=kind, channels=SIMULATED[kind], expected_interval_s=TICK_S)
    profile: ProfileDefined = intake.define_profile().handle(command).profile
    return profile
