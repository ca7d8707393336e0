"""Chaos: readings flow at a steady rate while parts are killed with -9 in a seeded order; then everything is counted.

`make chaos SEED=7 MINUTES=10` runs it for long, `test_chaos.py` for a short while. The supervisor, which starts again
what dies, is the only one that is spared. What must hold at the end: every reading one ledger entry, every abnormal one
one verdict, every read model equal to one made afresh from the log.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from domain.topics import SENSOR_EVENTS
from infra.host.supervisor.state import PartState, PartStatus, Phase, read_status
from infra.kafka.client.clients import partitions_of
from infra.kafka.client.ends import LogEnds
from tests.guarantees.log_account import LogAccount, account
from tests.guarantees.neighbour.shared_log import shared_log
from tests.guarantees.plant import a_plant
from tests.guarantees.read_model_prints import fingerprints, fresh_fingerprints, wait_until_settled
from tests.stacks import StackOfTests, must, wait_until

VICTIMS: Final = ("scorer-0", "scorer-1", "projector", "kafka", "registry", "postgres")
FLEET: Final = ("--machines", "6")
RATE: Final = 200
SHORTEST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 6.0
BROKER_SPARED_S: Final = 10.0
"""How long the broker has been ready again before its next death: killed while it starts, time after time, it would be
away for longer than any sender waits, which then ends and says so."""
SETTLED_WITHIN_S: Final = 240.0
LINE_EVERY_S: Final = 5.0


@dataclass
class Outcome:
    """What a run did and found; `faults` is empty when every promise held."""

    sent: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    slowest_return_s: dict[str, float] = field(default_factory=dict)
    verdicts: int = 0
    faults: list[str] = field(default_factory=list)


class Chaos:
    """One run over a stack of its own; `say` hears of everything as it happens."""

    def __init__(self, stack: StackOfTests, *, seed: int, seconds: float, say: Callable[[str], None]) -> None:
        self._stack = stack
        self._seed = seed
        self._seconds = seconds
        self._say = say
        self._away: dict[str, tuple[float, int]] = {}
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Start everything, let readings flow and parts die, count, and leave the stack up."""
        must(self._stack.run("up", "--light", "--detach", "--scorers", "2"))
        must(self._stack.run("simulate", "--history", "15m", "--healthy-history", "--no-live", *FLEET))
        must(self._stack.run("train", "pump", "--detector", "isolation_forest"))
        must(self._stack.run("models", "promote", "pump/1", "--because", "chaos needs verdicts"))
        before = self._readings()
        fault = ("--fault", "shift@pump-05,at=2s,for=1h,size=30")
        words = ("--rate", str(RATE), "--for", f"{self._seconds:.0f}s", "--seed", "9", *fault, *FLEET, "--json")
        flowing = self._stack.start("simulate", *words)
        try:
            wait_until(lambda: self._readings() > before, deadline_s=60, what="readings flow")
            self._kill_until_sent(flowing)
        finally:
            said, _ = flowing.communicate(timeout=240)
        if flowing.returncode != 0:
            self.outcome.faults.append(f"the sender ended with {flowing.returncode}: {said[-2000:]}")
            return self.outcome
        self.outcome.sent = json.loads(said[said.index("{\n") :])["live"]
        self._say(f"{self.outcome.sent:,} readings sent; waiting until everything is scored and projected")
        wait_until(self._all_ready, deadline_s=SETTLED_WITHIN_S, what="every part is ready again")
        wait_until_settled(self._stack, deadline_s=SETTLED_WITHIN_S)
        self._count(account(self._stack.settings.kafka_bootstrap), expected=before + self.outcome.sent)
        self._compare()
        return self.outcome

    def _readings(self) -> int:
        places = [(SENSOR_EVENTS, partition) for partition in partitions_of(SENSOR_EVENTS)]
        return sum(LogEnds(self._stack.settings.kafka_bootstrap).written(places).values())

    def _kill_until_sent(self, flowing: subprocess.Popen[str]) -> None:
        rng = random.Random(self._seed)
        turns = _turns(rng)
        began = said_at = time.monotonic()
        while flowing.poll() is None and time.monotonic() - began < self._seconds - LONGEST_PAUSE_S:
            self._kill(next(turns), time.monotonic() - began)
            pause_until = time.monotonic() + rng.uniform(SHORTEST_PAUSE_S, LONGEST_PAUSE_S)
            while time.monotonic() < pause_until:
                self._watch()
                time.sleep(0.05)
            if time.monotonic() - said_at > LINE_EVERY_S:
                said_at = time.monotonic()
                self._say(f"{said_at - began:5.0f}/{self._seconds:.0f} s  {self.outcome.kills.total()} kills")

    def _kill(self, name: str, at_s: float) -> None:
        part = self._parts()[name]
        if part.process is None or not part.process.is_alive():
            self._say(f"{at_s:7.1f} s  {name} is down already ({part.state})")
            return
        if name == "kafka" and not _is_steady(part):
            self._say(f"{at_s:7.1f} s  {name} is spared: it has just come back ({part.state})")
            return
        os.kill(part.process.pid, signal.SIGKILL)
        self.outcome.kills[name] += 1
        self._away.setdefault(name, (time.monotonic(), part.process.pid))
        self._say(f"{at_s:7.1f} s  kill -9 {name} (pid {part.process.pid}, {part.state})")

    def _watch(self) -> None:
        """Note how long each killed part took to be ready again."""
        parts = self._parts()
        for name, (since, pid) in list(self._away.items()):
            part = parts[name]
            if part.state is PartState.READY and part.process is not None and part.process.pid != pid:
                took_s = time.monotonic() - since
                self.outcome.slowest_return_s[name] = max(took_s, self.outcome.slowest_return_s.get(name, 0))
                del self._away[name]

    def _parts(self) -> dict[str, PartStatus]:
        status = read_status(self._stack.home / "state.json")
        assert status is not None
        assert status.phase is Phase.UP, f"the supervisor gave up: {status}"
        return {part.name: part for part in status.parts}

    def _all_ready(self) -> bool:
        self._watch()
        return all(part.state is PartState.READY for part in self._parts().values())

    def _count(self, found: LogAccount, *, expected: int) -> None:
        self.outcome.verdicts = len(found.verdicts)
        self.outcome.faults += found.faults()
        if len(found.readings) != expected or len(set(found.readings.values())) != expected:
            held = f"{len(found.readings):,} records of {len(set(found.readings.values())):,} readings"
            self.outcome.faults.append(f"the log holds {held}, but {expected:,} were sent")
        if not found.verdicts:
            self.outcome.faults.append("no reading was abnormal: the run proves nothing about verdicts")

    def _compare(self) -> None:
        serving, fresh = fingerprints(self._stack.settings), fresh_fingerprints(self._stack)
        for name, made in fresh.items():
            same = serving[name] == made
            self._say(f"  {name:<16} {'equal to a fresh build' if same else 'DIFFERS from a fresh build'}")
            if not same:
                self.outcome.faults.append(f"{name} differs from a build made afresh")


def _is_steady(part: PartStatus) -> bool:
    """Return whether a part has been ready for long enough to die again."""
    return part.state is PartState.READY and (datetime.now(UTC) - part.since).total_seconds() > BROKER_SPARED_S


def _turns(rng: random.Random) -> Iterator[str]:
    """Yield victims in rounds, each round another order: nobody is spared for long, and anybody may be hit twice."""
    while True:
        yield from rng.sample(VICTIMS, len(VICTIMS))


def main() -> int:
    """Run for as long as was asked; return 1 when a promise was broken, and then keep the stack's folder."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--minutes", type=float, default=5.0)
    asked.add_argument("--neighbour", action="store_true", help="a foreign client writes anything anywhere instead")
    told = asked.parse_args()
    if told.neighbour:
        return _beside_a_neighbour(told.seed, told.minutes * 60)
    folder = Path(tempfile.mkdtemp(prefix="telltale-chaos-"))
    stack = StackOfTests(folder / "home")
    _print(f"chaos: seed {told.seed}, {told.minutes:g} minutes, {RATE} readings/s, {folder}")
    broken = True
    try:
        outcome = Chaos(stack, seed=told.seed, seconds=told.minutes * 60, say=_print).run()
        for name, kills in sorted(outcome.kills.items()):
            _print(
                f"  {name:<10} killed {kills} times, back after {outcome.slowest_return_s.get(name, 0):.1f} s at most"
            )
        _print(f"{outcome.sent:,} readings sent, {outcome.verdicts:,} verdicts")
        for fault in outcome.faults:
            _print(f"BROKEN: {fault}")
        broken = bool(outcome.faults)
    finally:
        stack.run("down" if broken else "reset", *([] if broken else ["--yes"]))
        _print(f"the stack's folder is kept: {folder}" if broken else "every promise held")
    return int(broken)


def _beside_a_neighbour(seed: int, seconds: float) -> int:
    """Share the log with a neighbour for so long; return 1 when a promise was broken."""
    _print(f"neighbour: seed {seed}, {seconds / 60:g} minutes")
    with tempfile.TemporaryDirectory(prefix="telltale-neighbour-") as folder, a_plant(Path(folder) / "home") as plant:
        outcome = shared_log(plant, seed=seed, seconds=seconds, say=_print)
    for fault in outcome.faults:
        _print(f"BROKEN: {fault}")
    _print(f"{outcome.foreign:,} foreign records, {outcome.letters:,} dead letters")
    return int(bool(outcome.faults))


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
