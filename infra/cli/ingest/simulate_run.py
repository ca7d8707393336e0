"""Running a simulation into the log: profiles, history, live, and what was done to whom."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from commands.define_profile import DefineProfile
from domain.appending import LogFull
from domain.profiles import ProfileDefined
from domain.readings import moment_of
from infra.cli.composition import composed
from infra.cli.output import CommandFailed, note, print_json, say
from infra.cli.progress import progress
from infra.exit_codes import ExitCode
from infra.processes.stopping import until_told_to_stop
from infra.sources.novelty import Novelty
from infra.sources.ports import ReadingSink
from infra.sources.simulator.fault_orders import FaultOrder, ordered_fault
from infra.sources.simulator.faults import MACHINE_FAULTS, Fault
from infra.sources.simulator.fleet import Station, fleet, history_faults
from infra.sources.simulator.profiles import SIMULATED, TICK_S
from infra.sources.simulator.stream import SystemClock, append_history, run_live
from infra.sources.simulator.transport import FaultyTransport
from infra.sources.simulator.transport_orders import TransportOrder, ordered_transport_fault
from infra.sources.simulator.world import World, WorldPlan, block_ticks_of
from infra.wiring.container import Container

_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person asked for; times in seconds, `start_us` in µs since 1970 UTC."""

    history_s: float
    machines: int
    rate: float | None
    faults: tuple[FaultOrder, ...]
    seed: int
    start_us: int | None
    live: bool
    history_faults: bool
    live_for_s: float | None
    transport: tuple[TransportOrder, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultMade:
    """A labelled fault as people read it."""

    kind: str
    machine: str
    sensor: str | None
    channel: str | None
    begins: str
    ends: str | None


def run_simulation(wish: Wish, *, json_output: bool) -> None:
    """Make the history, then live readings until told to stop.

    Raises:
        FaultNotUnderstood: a fault is of a machine that is not there.
        CommandFailed: interrupted within the history.
    """
    intake = composed()
    clock = SystemClock()
    plan, history = plan_of(wish, _profiles(intake), now_us=clock.now_us())
    made = faults_made(plan)
    if not json_output:
        _say_plan(wish, plan, made)
    run = _Run(intake, wish, plan, World(plan))
    live_us = plan.start_us + history.stop * plan.interval_us
    bad_ways = [ordered_transport_fault(order, plan.stations, live_us=live_us) for order in wish.transport]
    with intake.appender() as appender:
        sink = FaultyTransport(appender, bad_ways, wish.seed) if bad_ways else appender
        appended = run.history(sink, history)
        live_count = run.live(sink, history.stop) if wish.live else 0
    if json_output:
        print_json(
            {
                "seed": wish.seed,
                "start": moment_of(plan.start_us),
                "machines": len(plan.stations),
                "sensors": plan.sensors,
                "history": appended,
                "live": live_count,
                "faults": made,
                "transport_faults": _transport_made(sink),
            }
        )
        return
    say(f"[bold]{appended:,}[/] readings of history, {live_count:,} live")
    for bad in _transport_made(sink):
        say(f"  {bad['kind']:<16} {bad['machine']:<16} {bad['records']:,} records")


def _transport_made(sink: ReadingSink) -> list[dict[str, object]]:
    made = sink.made if isinstance(sink, FaultyTransport) else {}
    return [{"kind": kind.value, "machine": machine, "records": count} for (kind, machine), count in made.items()]


def plan_of(wish: Wish, profiles: Mapping[str, ProfileDefined], *, now_us: int) -> tuple[WorldPlan, range]:
    """Return the world that was asked for, and its ticks up to now.

    Without a start the history begins so that it ends now; with one everything since then is history.
    """
    stations = fleet(wish.machines, seed=wish.seed)
    sensors = sum(len(station.sensors) for station in stations)
    interval_us = round(TICK_S * _MICROSECONDS) if wish.rate is None else round(sensors / wish.rate * _MICROSECONDS)
    interval_us = max(1, interval_us)
    history_ticks = round(wish.history_s * _MICROSECONDS / interval_us)
    start_us = wish.start_us if wish.start_us is not None else _whole_second(now_us) - history_ticks * interval_us
    ticks = range(max(0, (now_us - start_us) // interval_us) if wish.start_us is not None else history_ticks)
    faults: dict[str, tuple[Fault, ...]] = {}
    if wish.history_faults and history_ticks:
        faults = history_faults(stations, history_ticks, seed=wish.seed)
    for order in wish.faults:
        fault = ordered_fault(order, stations, live_tick=ticks.stop, interval_s=interval_us / _MICROSECONDS)
        faults[order.machine] = (*faults.get(order.machine, ()), fault)
    plan = WorldPlan(
        stations=stations,
        profiles=profiles,
        faults=faults,
        start_us=start_us,
        interval_us=interval_us,
        block_ticks=block_ticks_of(sensors),
    )
    return plan, ticks


def faults_made(plan: WorldPlan) -> list[FaultMade]:
    """Return the plan's faults in the order of their onset."""
    by_onset = sorted(
        ((fault, station) for station in plan.stations for fault in plan.faults.get(station.machine_id, ())),
        key=lambda pair: pair[0].at,
    )
    return [_made(fault, station, plan) for fault, station in by_onset]


def _made(fault: Fault, station: Station, plan: WorldPlan) -> FaultMade:
    of_machine = fault.kind in MACHINE_FAULTS
    return FaultMade(
        kind=fault.kind.value,
        machine=station.machine_id,
        sensor=None if of_machine else station.sensors[fault.sensor],
        channel=None if of_machine else SIMULATED[station.kind][fault.channel].name,
        begins=_text(plan, fault.at),
        ends=None if fault.end is None else _text(plan, fault.end),
    )


def _text(plan: WorldPlan, tick: int) -> str:
    return moment_of(plan.start_us + tick * plan.interval_us).isoformat(timespec="seconds")


def _profiles(intake: Container) -> dict[str, ProfileDefined]:
    """Return the profile of every simulated kind, defined where no version of it says the same."""
    known = intake.profile_log().known()
    profiles: dict[str, ProfileDefined] = {}
    for kind, channels in SIMULATED.items():
        same = [one for one in known if (one.name, one.channels, one.expected_interval_s) == (kind, channels, TICK_S)]
        command = DefineProfile(name=kind, channels=channels, expected_interval_s=TICK_S)
        profiles[kind] = same[-1] if same else intake.define_profile().handle(command).profile
    return profiles


@dataclass(frozen=True, slots=True)
class _Run:
    intake: Container
    wish: Wish
    plan: WorldPlan
    world: World

    def history(self, sink: ReadingSink, ticks: range) -> int:
        """Append the past; with a start of its own, only what the log does not have of it."""
        if not len(ticks):
            return 0
        novelty = None
        if self.wish.start_us is not None:
            profiles = {profile.ref: profile for profile in self.intake.profile_log().known()}
            novelty = Novelty(self.intake.logged_readings(profiles=profiles))
            novelty.meet(station.machine_id for station in self.plan.stations)
        try:
            with progress("history", total=len(ticks) * self.plan.sensors, unit="readings") as bar:
                return append_history(self.world, sink, ticks=ticks, novelty=novelty, advance=bar.advance)
        except LogFull as full:
            raise CommandFailed(
                str(full),
                then=f"free some space; the same command with --start {self._start} goes on",
                code=ExitCode.REFUSED,
            ) from full
        except KeyboardInterrupt as interrupt:
            sink.flush()
            raise CommandFailed(
                "interrupted within the history",
                then=f"the same command with --start {self._start} goes on",
                code=ExitCode.INTERRUPTED,
            ) from interrupt

    @property
    def _start(self) -> str:
        return moment_of(self.plan.start_us).isoformat()

    def live(self, sink: ReadingSink, first_tick: int) -> int:
        """Append readings as time passes; return how many."""
        running = _running(self.wish.live_for_s, until_told_to_stop())
        count = 0
        with progress("live", unit="readings") as bar:

            def advance(done: int) -> None:
                nonlocal count
                count += done
                bar.advance(done)

            run_live(
                self.world,
                self.plan,
                sink,
                first_tick=first_tick,
                running=running,
                clock=SystemClock(),
                advance=advance,
            )
        return count


def _running(live_for_s: float | None, told: Callable[[], bool]) -> Callable[[], bool]:
    if live_for_s is None:
        return told
    end = time.monotonic() + live_for_s
    return lambda: told() and time.monotonic() < end


def _say_plan(wish: Wish, plan: WorldPlan, made: Sequence[FaultMade]) -> None:
    note(
        f"{len(plan.stations)} machines, {plan.sensors} sensors, seed {wish.seed}, "
        f"from {moment_of(plan.start_us).isoformat(timespec='seconds')}, {len(made)} labelled faults"
    )
    for fault in made:
        where = fault.machine if fault.sensor is None else f"{fault.machine}/{fault.sensor} {fault.channel}"
        note(f"  {fault.kind:<10} {where:<32} {fault.begins} to {fault.ends or 'the end'}")


def _whole_second(moment_us: int) -> int:
    return moment_us // _MICROSECONDS * _MICROSECONDS
