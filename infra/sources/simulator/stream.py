"""Time passing in a simulated fleet: its history at once, then every reading at its moment."""

import time
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
import pyarrow as pa

from infra.sources.novelty import Novelty
from infra.sources.ports import ReadingSink
from infra.sources.simulator.world import World, WorldPlan

HISTORY_TICKS: Final = 500
"""Ticks appended together: machines come in the log as they would have, give or take so many readings."""

_HISTORY_READINGS: Final = 50_000
"""Of large fleets fewer ticks are appended together, so that about so many readings are in memory."""

LIVE_AHEAD_US: Final = 1_000_000
LONGEST_WAIT_S: Final = 0.2
"""How long live running may sleep before it looks whether to stop."""

SHORTEST_WAIT_S: Final = 0.002
"""Readings due within this time go together."""


class Clock(Protocol):
    """The time of day."""

    def now_us(self) -> int:
        """Return µs since 1970 UTC."""

    def sleep(self, seconds: float) -> None:
        """Return after so long."""


class SystemClock:
    """The clock of the machine we run on."""

    def now_us(self) -> int:
        """Return µs since 1970 UTC."""
        return time.time_ns() // 1000

    def sleep(self, seconds: float) -> None:
        """Return after so long."""
        time.sleep(seconds)


def append_history(
    world: World,
    sink: ReadingSink,
    *,
    ticks: range,
    novelty: Novelty | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> int:
    """Append the readings of `ticks` and return how many were new; `advance` hears of readings done."""
    appended = 0
    together = max(1, min(HISTORY_TICKS, _HISTORY_READINGS // world.sensors))
    for first in range(ticks.start, ticks.stop, together):
        for table in world.readings(first, min(first + together, ticks.stop)):
            new = table if novelty is None else novelty.only_new(table)
            sink.append(new)
            appended += len(new)
            advance(len(table))
    sink.flush()
    return appended


def run_live(
    world: World,
    plan: WorldPlan,
    sink: ReadingSink,
    *,
    first_tick: int,
    running: Callable[[], bool],
    clock: Clock,
    advance: Callable[[int], None] = lambda _: None,
) -> None:
    """Append every reading at its moment, from `first_tick` on, as long as `running`; those already due at once."""
    ahead = max(1, LIVE_AHEAD_US // plan.interval_us)
    tick = first_tick
    while running():
        table = in_time_order(list(world.readings(tick, tick + ahead)))
        _append_when_due(table, sink, running=running, clock=clock, advance=advance)
        tick += ahead
    sink.flush()


def in_time_order(tables: list[pa.RecordBatch]) -> pa.RecordBatch | None:
    """Return all readings as one table by recorded_at, or None when there are none."""
    if not tables:
        return None
    together = pa.concat_batches(tables)
    order = np.argsort(together.column("recorded_at").to_numpy(), kind="stable")
    return together.take(pa.array(order))


def _append_when_due(
    table: pa.RecordBatch | None,
    sink: ReadingSink,
    *,
    running: Callable[[], bool],
    clock: Clock,
    advance: Callable[[int], None],
) -> None:
    if table is None:
        clock.sleep(LONGEST_WAIT_S)
        return
    moments = table.column("recorded_at").to_numpy()
    done = 0
    while done < len(table) and running():
        now = clock.now_us()
        due = int(np.searchsorted(moments, now, side="right"))
        if due > done:
            sink.append(table.slice(done, due - done))
            advance(due - done)
            done = due
        else:
            wait_s = (int(moments[done]) - now) / 1e6
            clock.sleep(min(LONGEST_WAIT_S, max(SHORTEST_WAIT_S, wait_s)))
