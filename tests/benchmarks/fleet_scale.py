"""`make bench-fleet`: 500 machines with 6.3 million readings on a stack of its own; how fast every list answers then.

    python -m tests.benchmarks.fleet_scale [--machines N] [--history TEXT] [--home FOLDER]

What is timed are whole requests over HTTP, one after the other, with the stack idle and everything in the read models:
as things are now, and as of a moment before the live minute. Memory is that of the processes as the system counts it.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final

import httpx
import numpy as np

from infra.cli.output import note, print_table
from infra.logs import configure_logs
from ml.isolation_forest.trainer import IsolationForestTrainer
from tests.benchmarks.figures import RESULTS, Figure, at_most, merge
from tests.benchmarks.plant import Plant, a_plant
from tests.benchmarks.rebuilding import _at_end
from tests.stacks import PROJECT, TELLTALE, wait_until

ROUTES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "/machines": {},
        "/machines?all": {"limit": "1000"},
        "/sensors": {},
        "/sensors?all": {"limit": "1000"},
        "/profiles": {},
        "/verdicts": {},
        "/anomalies": {},
        "/anomalies/latest": {},
        "/events/latest": {},
        "/freshness": {},
        "/models": {},
    }
)
SWIMLANES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "/swimlane": {},
        "/swimlane?by=sensor": {"by": "sensor"},
        "/swimlane?24 hours": {"hours": "24"},
        "/swimlane?90 days": {"hours": "2160"},
    }
)
LIST_MS: Final = 300
SWIMLANE_MS: Final = 500
PROJECTOR_MB: Final = 500
SIMULATOR_MB: Final = 800
ASKED: Final = 40
"""Requests of each kind; with so many the 99th percentile is the slowest."""

_WITHIN_S: Final = 1800.0


def main() -> int:
    """Make the fleet, wait until everything knows it, ask."""
    parser = argparse.ArgumentParser(prog="make bench-fleet", description=__doc__)
    parser.add_argument("--machines", type=int, default=500)
    parser.add_argument("--history", default="1h", help="of every sensor, a reading a second")
    parser.add_argument("--home", type=Path, help="keep the stack in this folder and use it again")
    asked = parser.parse_args()
    configure_logs("warning", process="bench")
    found: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="telltale-fleet-") as folder:
        note("starting a stack …")
        with a_plant(asked.home or Path(folder) / "home", keep=asked.home is not None) as plant:
            for figure in measure(plant, machines=asked.machines, history=asked.history):
                found.append(figure)
                merge(RESULTS, [figure])
                note("  " + " · ".join(filter(None, figure.line())))
    load = os.getloadavg()[0]
    print_table(
        ["figure", "measured", "beside", "goal", ""],
        [figure.line() for figure in found],
        title=f"{asked.machines} machines on {os.cpu_count()} cores, load {load:.1f}; written to {RESULTS}",
    )
    return 0


def measure(plant: Plant, *, machines: int, history: str) -> Iterator[Figure]:
    """Simulate, judge and project the history; then ask every list."""
    logs = plant.stack.home / "logs"
    if not sum(plant.ends().values()):
        with (logs / "bench-simulate.log").open("w") as log:
            simulated = _peak_mb(plant, ("simulate", "--machines", str(machines), "--history", history), log)
        yield at_most("fleet: simulator's memory at most", simulated, "MB", goal=SIMULATOR_MB)
        plant.train_and_promote(IsolationForestTrainer())
    readings = sum(plant.ends().values())
    with _running(plant, "scorer", "projector", "api") as pids, httpx.Client(base_url=plant.settings.api_url) as api:
        began = time.monotonic()
        wait_until(lambda: _judged_and_projected(plant, api), deadline_s=_WITHIN_S, what="everything is projected")
        note(f"  {readings:,} readings judged and projected after {time.monotonic() - began:.0f} s")
        time.sleep(15)  # idle: what ended just now is cleaned up by the database
        yield at_most(
            "fleet: projector's memory after its catch-up", _memory_mb(pids["projector"]), "MB", goal=PROJECTOR_MB
        )
        yield from _answers(api, f"{readings:,} readings")


def _answers(api: httpx.Client, beside: str) -> Iterator[Figure]:
    newest = datetime.fromisoformat(api.get("/freshness").json()["last_reading_known_at"])
    moments = {"": None, " as of": newest + timedelta(seconds=20), " as of an hour before": newest - timedelta(hours=1)}
    for goal, routes in ((LIST_MS, ROUTES), (SWIMLANE_MS, SWIMLANES)):
        for name, asked in routes.items():
            for words, moment in moments.items():
                if name == "/freshness" and moment:
                    continue
                took = _times_ms(api, name.partition("?")[0], asked, moment, newest)
                yield at_most(
                    f"fleet: {name}{words}, p99",
                    float(np.percentile(took, 99)),
                    "ms",
                    goal=goal,
                    compared_with=f"median {np.median(took):.0f} ms; {beside}",
                )


def _times_ms(
    api: httpx.Client, route: str, asked: Mapping[str, str], moment: datetime | None, newest: datetime
) -> list[float]:
    parameters = {name: value for name, value in asked.items() if name != "hours"}
    if hours := asked.get("hours"):
        parameters |= {"from": (newest - timedelta(hours=int(hours))).isoformat(), "to": newest.isoformat()}
    if moment:
        parameters["as_of"] = min(moment, datetime.now(UTC)).isoformat()
    took = []
    for _ in range(ASKED):
        began = time.perf_counter()
        api.get(route, params=parameters, timeout=30).raise_for_status()
        took.append(1000 * (time.perf_counter() - began))
    return took


def _judged_and_projected(plant: Plant, api: httpx.Client) -> bool:
    """Return whether the scorer has judged everything and the read models know that."""
    if not _at_end(plant):
        return False
    lanes = api.get("/swimlane", params={"top": 500}, timeout=30).json()["lanes"]
    pumps = [lane for lane in lanes if lane["profile"].startswith("pump@")]
    waiting = sum(sum(lane["not_judged"]) for lane in pumps)
    return waiting < sum(sum(lane["readings"]) for lane in pumps) / 100


@contextmanager
def _running(plant: Plant, *commands: str) -> Iterator[Mapping[str, int]]:
    """Yield the process ids of Telltale's processes, started for the block."""
    with ExitStack() as stack:
        pids = {}
        for command in commands:
            log = stack.enter_context((plant.stack.home / "logs" / f"bench-{command}.log").open("w"))
            process = plant.start(command, log=log)
            stack.callback(process.wait, 60)
            stack.callback(process.terminate)
            pids[command] = process.pid
        yield pids


def _peak_mb(plant: Plant, command: tuple[str, ...], log: IO[str]) -> float:
    """Run one command to its end and return the most memory it had."""
    environment = {**os.environ, "TELLTALE_HOME": str(plant.stack.home)}
    child = os.posix_spawn(
        TELLTALE[0],
        [*TELLTALE, *command],
        environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, log.fileno(), 1), (os.POSIX_SPAWN_DUP2, log.fileno(), 2)],
    )
    _, status, usage = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"telltale {' '.join(command)} failed; see {log.name} (run in {PROJECT})")
    return usage.ru_maxrss / 1024


def _memory_mb(pid: int) -> float:
    """Return the memory of a process, children left out."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has ended")


if __name__ == "__main__":
    sys.exit(main())
