"""How long after kill -9 verdicts, rows and the log are there again, with everything under its supervisor.

"Flowing" is judged from outside and strictly: abnormal readings go to every partition all the time, and what counts
is the first moment at which each partition has a verdict on a reading that was sent after the kill.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Final, Self

import httpx
from confluent_kafka import TopicPartition

from domain.anomalies import AnomalyDetected
from domain.readings import SensorReadingRecorded, derive_event_id, microseconds
from domain.topics import ANOMALY_EVENTS, SENSOR_EVENTS
from infra.kafka.client.clients import consumer, partitions_of, producer
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.partitioning import partition_of
from ml.isolation_forest.trainer import IsolationForestTrainer
from schemas.codec import decode, encode
from schemas.wire import schema_id_of
from tests.benchmarks.figures import Figure, at_most
from tests.benchmarks.latency import ABNORMAL
from tests.benchmarks.plant import Plant
from tests.benchmarks.sizes import Sizes
from tests.stacks import PROJECT, TELLTALE, must

GOAL_S: Final = 5.0
_KILLS: Final = 3
_EVERY_S: Final = 0.02
_PATIENCE_S: Final = 120.0


def measure(plant: Plant, sizes: Sizes) -> Iterator[Figure]:
    """Kill scorer, another slot's scorer, projector and broker, each while readings flow."""
    if not sum(plant.ends().values()):
        plant.append(sizes.scored)
    # A forest: it calls every abnormal reading, where a panel learns a new sensor first and gets used to a level.
    plant.train_and_promote(IsolationForestTrainer())
    stack = plant.stack
    must(stack.run("down"))
    must(stack.run("up", "--detach", "--light"))
    plant.__dict__.pop("settings", None)
    with Pulse(plant) as pulse:
        pulse.flowing_since(time.time())
        kills = min(_KILLS, sizes.rounds)
        took = [pulse.flowing_since(_kill(plant, "scorer")) for _ in range(kills)]
        yield _figure("kill -9 scorer → verdicts flow, same slot", took, goal=GOAL_S)
        with _another_scorer(plant, pulse) as other:
            other.kill()
            took = [pulse.flowing_since(time.time())]
        yield _figure("kill -9 scorer → verdicts flow, another slot takes over", took, goal=None)
        took = [_visible_since(plant, _kill(plant, "projector")) for _ in range(kills)]
        yield _figure("kill -9 projector → new verdicts in the API", took, goal=GOAL_S)
        took = [pulse.flowing_since(_kill(plant, "kafka"))]
        yield _figure("kill -9 broker → verdicts flow", took, goal=None)
    must(stack.run("down"))
    must(stack.up())
    plant.__dict__.pop("settings", None)


def _figure(name: str, took_s: list[float], *, goal: float | None) -> Figure:
    times = "once" if len(took_s) == 1 else f"the worst of {len(took_s)} kills"
    return at_most(name, max(took_s), "s", goal=goal, compared_with=f"{times}, every partition judging")


class Pulse:
    """Abnormal readings into every partition at a steady pace, and the verdicts on them as they are committed."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._stop = Event()
        self._newest: dict[int, float] = {}
        names = (f"pulse-{number}" for number in range(1000))
        self._machines = {partition_of(name, len(partitions_of(SENSOR_EVENTS))): name for name in names}
        self._threads = [Thread(target=self._send), Thread(target=self._receive)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def flowing_since(self, moment: float) -> float:
        """Wait until every partition has a verdict on a reading sent after `moment`; return the seconds since then."""
        _wait(lambda: len(self._newest) == len(self._machines) and min(self._newest.values()) > moment)
        return time.time() - moment

    def _send(self) -> None:
        contracts, profile = self._plant.contracts, self._plant.profile
        client = producer(self._plant.bootstrap, linger_ms=0)
        values = dict(zip(profile.channel_names, ABNORMAL, strict=True))
        while not self._stop.wait(_EVERY_S * len(self._machines)):
            for machine in self._machines.values():
                moment = datetime.now(UTC)
                reading = SensorReadingRecorded(
                    event_id=derive_event_id(machine, "motor", microseconds(moment), values),
                    machine_id=machine,
                    sensor_id="motor",
                    profile="pump@1",
                    recorded_at=moment,
                    measurements=values,
                    source="bench",
                )
                client.produce(SENSOR_EVENTS, encode(reading, contracts), machine.encode())
            client.poll(0)
        client.flush(10)

    def _receive(self) -> None:
        contracts = self._plant.contracts
        wanted = contracts.id_of("AnomalyDetected")
        places = [(ANOMALY_EVENTS, partition) for partition in partitions_of(ANOMALY_EVENTS)]
        ends = LogEnds(self._plant.bootstrap).stable(places)
        client = consumer(self._plant.bootstrap, enable_partition_eof=False, reconnect_backoff_max_ms=200)
        client.assign([TopicPartition(*place, end) for place, end in ends.items()])
        while not self._stop.is_set():
            message = client.poll(0.1)
            if message is None or message.error() is not None or schema_id_of(message.value()) != wanted:
                continue
            verdict = decode(message.value(), contracts)
            if isinstance(verdict, AnomalyDetected) and verdict.machine_id.startswith("pulse-"):
                partition = message.partition()
                assert partition is not None
                self._newest[partition] = verdict.recorded_at.timestamp()
        client.close()


def _kill(plant: Plant, part: str) -> float:
    """Kill a part of the stack once it is ready; return the moment."""
    _wait(lambda: plant.stack.parts()[part]["state"] in {"ready", "unsteady"})  # unsteady: we killed it before
    os.kill(plant.stack.parts()[part]["pid"], signal.SIGKILL)
    return time.time()


def _visible_since(plant: Plant, moment: float) -> float:
    """Wait until the API shows a verdict on a reading recorded after `moment`; return the seconds since then."""

    def shown() -> bool:
        try:
            answer = client.get("/anomalies/latest", params={"limit": 1})
            rows = answer.json() if answer.status_code == httpx.codes.OK else []
        except httpx.TransportError:
            return False
        return bool(rows) and datetime.fromisoformat(rows[0]["timestamp"]).timestamp() > moment

    with httpx.Client(base_url=plant.settings.api_url) as client:
        _wait(shown)
    return time.time() - moment


@contextmanager
def _another_scorer(plant: Plant, pulse: Pulse) -> Iterator[subprocess.Popen[str]]:
    """Run a scorer in slot 1 beside the supervisor's in slot 0, once both judge."""
    environment = {**os.environ, "TELLTALE_HOME": str(plant.stack.home)}
    with (plant.stack.home / "logs" / "bench-scorer-1.log").open("w+") as log:
        words = [*TELLTALE, "scorer", "--slot", "1"]
        process = subprocess.Popen(words, env=environment, cwd=PROJECT, stdout=log, stderr=log, text=True)
        try:
            _wait(lambda: "partition_taken" in (plant.stack.home / "logs" / "bench-scorer-1.log").read_text())
            pulse.flowing_since(time.time())
            yield process
        finally:
            process.kill()
            process.wait()


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {_PATIENCE_S:.0f} s: telltale status and the home's logs say more")
        time.sleep(0.02)
