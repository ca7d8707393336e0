"""Latency of a verdict, on one clock: reading sent → verdict received read_committed → verdict visible in the API.

Scorer, projector and API run as the processes they are; sender, receiver and viewer are threads of this one. Verdicts
are timed first while nobody looks, then the API's answers are: a viewer who asks often enough to time them to a few
milliseconds takes a third of a small machine for himself.
"""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Final
from uuid import UUID

import httpx
import numpy as np
from confluent_kafka import TopicPartition

from domain.anomalies import AnomalyDetected
from domain.readings import SensorReadingRecorded, derive_event_id, microseconds
from domain.topics import ANOMALY_EVENTS, SENSOR_EVENTS
from infra.kafka.client.clients import consumer, partitions_of, producer
from infra.kafka.client.ends import LogEnds
from ml.isolation_forest.trainer import IsolationForestTrainer
from schemas.codec import decode, encode
from schemas.wire import schema_id_of
from tests.benchmarks.figures import Figure, at_most
from tests.benchmarks.plant import Plant
from tests.benchmarks.sizes import Sizes

VISIBLE_MS: Final = 300
ABNORMAL: Final = (140.0, 480.0, 48.0, 900.0, 190.0, 390.0)
"""Values of the six channels that no healthy pump has, all of them plausible."""

_MACHINES: Final = 16
_WARM_S: Final = 2.0
_READY_WITHIN_S: Final = 90.0
_LOOK_EVERY_S: Final = 0.02
_SHOWN: Final = 100
"""Verdicts asked for at a time: those of one second at the faster pace, so that a slow answer misses none."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Readings a second, one in `abnormal_every` abnormal, and the goals in ms."""

    rate: int
    abnormal_every: int
    p50_ms: float
    p99_ms: float


PACES: Final = (Pace(50, 2, 10, 40), Pace(1_000, 10, 20, 80))


@dataclass(slots=True)
class Times:
    """Moments by reading (sent, judged) and by verdict (visible), seconds of one clock."""

    sent: dict[UUID, float] = field(default_factory=dict)
    judged: dict[UUID, float] = field(default_factory=dict)
    reading_of: dict[str, UUID] = field(default_factory=dict)
    visible: dict[str, float] = field(default_factory=dict)


def measure(plant: Plant, sizes: Sizes) -> Iterator[Figure]:
    """Send at each pace and watch verdicts come out at both ends."""
    if not sum(plant.ends().values()):
        plant.append(20_000)
    plant.train_and_promote(IsolationForestTrainer())
    with _processes(plant, "scorer", "projector", "api"), httpx.Client(base_url=plant.settings.api_url) as api:
        sender = _Sender(plant)
        _wait_until_live(plant, api, sender)
        for pace in PACES:
            yield from _judged(pace, _watched(plant, None, sender, pace, sizes.watched_s / 2))
            yield from _visible(pace, _watched(plant, api, sender, pace, sizes.watched_s / 2))


def _judged(pace: Pace, times: Times) -> Iterator[Figure]:
    took = [1000 * (at - times.sent[reading]) for reading, at in times.judged.items()]
    words = f"{len(took)} verdicts, {pace.rate}/s, all sent: {len(times.sent)}"
    for share, goal in ((50, pace.p50_ms), (99, pace.p99_ms)):
        name = f"sent → verdict, {pace.rate}/s, p{share}"
        yield at_most(name, float(np.percentile(took, share)), "ms", goal=goal, compared_with=words)


def _visible(pace: Pace, times: Times) -> Iterator[Figure]:
    took = [1000 * (at - times.sent[times.reading_of[one]]) for one, at in times.visible.items()]
    looked = f"looked for {_LOOK_EVERY_S * 1000:.0f} ms after each answer"
    words = f"{len(took)} verdicts, {pace.rate}/s, all sent: {len(times.sent)}; {looked}"
    for share, most in ((50, None), (99, VISIBLE_MS)):
        name = f"sent → visible in the API, {pace.rate}/s, p{share}"
        yield at_most(name, float(np.percentile(took, share)), "ms", goal=most, compared_with=words)


class _Sender:
    def __init__(self, plant: Plant) -> None:
        self._contracts = plant.contracts
        self._client = producer(plant.bootstrap, linger_ms=2)  # as the command service sends
        self._channels = plant.profile.channel_names
        table = next(iter(plant.readings(5_000)))
        values = table.column("measurements").items.to_numpy().reshape(-1, len(self._channels))
        self._healthy = tuple(np.median(values, axis=0).tolist())
        self._number = 0

    def send(self, *, abnormal: bool) -> tuple[UUID, float]:
        """Send one reading, measured now; return its id and the moment it was handed over."""
        self._number += 1
        machine, moment = f"live-{self._number % _MACHINES:02d}", datetime.now(UTC)
        values = dict(zip(self._channels, ABNORMAL if abnormal else self._healthy, strict=True))
        reading = SensorReadingRecorded(
            event_id=derive_event_id(machine, "motor", microseconds(moment), values),
            machine_id=machine,
            sensor_id="motor",
            profile="pump@1",
            recorded_at=moment,
            measurements=values,
            source="bench",
        )
        value = encode(reading, self._contracts)
        sent_at = time.perf_counter()
        self._client.produce(SENSOR_EVENTS, value, machine.encode())
        self._client.poll(0)
        return reading.event_id, sent_at


def _watched(plant: Plant, api: httpx.Client | None, sender: _Sender, pace: Pace, seconds: float) -> Times:
    """Send for `seconds` and return when what was judged, and with `api` also when it showed it."""
    times, stop = Times(), Event()
    threads = [Thread(target=_receive, args=(plant, times, stop))]
    if api is not None:
        threads.append(Thread(target=_look, args=(api, times, stop)))
    for thread in threads:
        thread.start()
    time.sleep(1)  # they have taken up their places
    began = time.perf_counter()
    for number in range(int(pace.rate * (seconds + _WARM_S))):
        due = began + number / pace.rate
        time.sleep(max(0.0, due - time.perf_counter()))
        abnormal = number % pace.abnormal_every == 0
        reading, at = sender.send(abnormal=abnormal)
        if abnormal and number >= _WARM_S * pace.rate:
            times.sent[reading] = at
    awaited = times.judged if api is None else times.visible
    deadline = time.perf_counter() + 10
    while len(awaited) < len(times.sent) and time.perf_counter() < deadline:
        time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    return times


def _receive(plant: Plant, times: Times, stop: Event) -> None:
    wanted = plant.contracts.id_of("AnomalyDetected")
    places = [(ANOMALY_EVENTS, partition) for partition in partitions_of(ANOMALY_EVENTS)]
    ends = LogEnds(plant.bootstrap).stable(places)
    client = consumer(plant.bootstrap, enable_partition_eof=False)
    client.assign([TopicPartition(*place, end) for place, end in ends.items()])
    while not stop.is_set():
        message = client.poll(0.1)
        at = time.perf_counter()
        if message is None or message.error() is not None or schema_id_of(message.value()) != wanted:
            continue
        verdict = decode(message.value(), plant.contracts)
        if isinstance(verdict, AnomalyDetected) and verdict.reading_event_id in times.sent:
            times.judged[verdict.reading_event_id] = at
            times.reading_of[str(verdict.event_id)] = verdict.reading_event_id
    client.close()


def _look(api: httpx.Client, times: Times, stop: Event) -> None:
    while not stop.is_set():
        try:
            answer = api.get("/anomalies/latest", params={"limit": _SHOWN})
        except httpx.TransportError:  # it is not up yet
            stop.wait(0.2)
            continue
        at = time.perf_counter()
        for row in answer.json() if answer.status_code == httpx.codes.OK else ():
            if row["event_id"] in times.reading_of and row["event_id"] not in times.visible:
                times.visible[row["event_id"]] = at
        stop.wait(_LOOK_EVERY_S)


def _wait_until_live(plant: Plant, api: httpx.Client, sender: _Sender) -> None:
    """Return once a reading sent now becomes a verdict that the API shows within two seconds."""
    deadline = time.monotonic() + _READY_WITHIN_S
    warming = Pace(20, 1, 0, 0)
    while time.monotonic() < deadline:
        times = _watched(plant, api, sender, warming, 1.0)
        lags = [at - times.sent[times.reading_of[one]] for one, at in times.visible.items()]
        if lags and max(lags) < 2:
            return
    raise TimeoutError(f"no verdict was visible within {_READY_WITHIN_S:.0f} s: see {plant.stack.home}/logs")


@contextmanager
def _processes(plant: Plant, *names: str) -> Iterator[None]:
    with ExitStack() as stack:
        running: Sequence[subprocess.Popen[str]] = [
            plant.start(name, log=stack.enter_context((plant.stack.home / "logs" / f"bench-{name}.log").open("w")))
            for name in names
        ]
        try:
            yield
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(30)
