"""What the demo looks at: the log and the API, as anybody could."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx
from confluent_kafka import TopicPartition

from domain.anomalies import AnomalyDetected
from domain.scoring import ReadingsScored
from domain.topics import ANOMALY_EVENTS, SENSOR_EVENTS
from infra.kafka.client.clients import consumer, partitions_of
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.log_range import read_to_end
from infra.kafka.client.messages import split
from infra.kafka.scoring.scoring_log import GROUP
from schemas.codec import decode
from schemas.contracts import Contracts

PATIENCE_S: Final = 120.0


class NotSeen(TimeoutError):
    """What the story waits for did not come."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the score ledger says: readings accounted for, offsets left out or said twice, and the verdicts."""

    readings: int
    lost: int
    twice: int
    verdicts: tuple[AnomalyDetected, ...]


class Audience:
    """Reads what scorers wrote; `starts` are the positions before which nothing is of interest."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._bootstrap = bootstrap
        self._contracts = contracts
        self._ends = LogEnds(bootstrap)

    def written(self, topic: str) -> Mapping[int, int]:
        """Return the end of each partition of a topic."""
        ends = self._ends.written([(topic, partition) for partition in partitions_of(topic)])
        return {partition: end for (_, partition), end in ends.items()}

    def wait_until_scored(self, positions: Mapping[int, int]) -> None:
        """Return when the scorer's committed offsets have reached these positions of sensor-events.

        Raises:
            NotSeen: they have not within PATIENCE_S.
        """
        client = consumer(self._bootstrap, group=GROUP)
        try:
            asked = [TopicPartition(SENSOR_EVENTS, partition) for partition in positions]
            wait_for(
                lambda: all(at.offset >= positions[at.partition] for at in client.committed(asked, timeout=10)),
                "the scorer has reached the end of the readings",
            )
        finally:
            client.close()

    def ledger(self, starts: Mapping[int, int], scored_from: Mapping[int, int]) -> Ledger:
        """Return what anomaly-events say from `starts` on, counting offsets of the readings from `scored_from` on."""
        verdicts: list[AnomalyDetected] = []
        readings = lost = twice = 0
        for partition in partitions_of(ANOMALY_EVENTS):
            expected = scored_from.get(partition, 0)
            for batch in read_to_end(self._bootstrap, ANOMALY_EVENTS, partition, start=starts.get(partition, 0)):
                for value in batch.values:
                    event = decode(value, self._contracts)
                    if isinstance(event, AnomalyDetected):
                        verdicts.append(event)
                    elif isinstance(event, ReadingsScored) and event.next_offset > scored_from.get(partition, 0):
                        lost += max(0, event.from_offset - expected)
                        twice += max(0, expected - event.from_offset)
                        readings += event.next_offset - max(event.from_offset, expected)
                        expected = event.next_offset
        doubled = Counter(verdict.reading_position for verdict in verdicts)
        return Ledger(readings, lost, twice + sum(count - 1 for count in doubled.values()), tuple(verdicts))

    def verdicts(self, starts: Mapping[int, int]) -> Iterator[AnomalyDetected | None]:
        """Yield verdicts as they are committed, and None at least five times a second while there are none."""
        client = consumer(self._bootstrap, fetch_wait_max_ms=20)
        try:
            client.assign([TopicPartition(ANOMALY_EVENTS, *start) for start in starts.items()])
            while True:
                records, _ = split(client.consume(100, timeout=0.05))
                for record in records:
                    event = decode(record.value(), self._contracts)
                    if isinstance(event, AnomalyDetected):
                        yield event
                yield None
        finally:
            client.close()


def visible_after_s(api_url: str, headers: Mapping[str, str], verdict: AnomalyDetected) -> float:
    """Return how long it takes from now until the API shows this verdict.

    Raises:
        NotSeen: it does not within PATIENCE_S.
    """
    began = time.monotonic()
    with httpx.Client(base_url=api_url, headers=dict(headers), timeout=10) as client:

        def shown() -> bool:
            return client.get(f"/anomalies/{verdict.event_id}").status_code == httpx.codes.OK

        wait_for(shown, "the API shows the verdict", every_s=0.01)
    return time.monotonic() - began


def newest_reading(api_url: str, headers: Mapping[str, str], machine_id: str) -> datetime | None:
    """Return the newest recorded_at that the API has of a machine; None when it has none.

    Raises:
        NotSeen: the API does not answer within PATIENCE_S.
    """
    with httpx.Client(base_url=api_url, headers=dict(headers), timeout=10) as client:
        answer = httpx.Response(httpx.codes.SERVICE_UNAVAILABLE)

        def answered() -> bool:
            nonlocal answer
            answer = client.get("/sensors", params={"machine_id": machine_id})
            return answer.status_code == httpx.codes.OK

        wait_for(answered, "the API answers")
    sensors = answer.json()["items"]
    return max((datetime.fromisoformat(one["last_recorded_at"]) for one in sensors), default=None)


def answers(url: str) -> bool:
    """Return whether something answers at a URL."""
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.TransportError:
        return False


def wait_for(condition: Callable[[], Any], what: str, *, every_s: float = 0.1) -> None:
    """Return when `condition` holds.

    Raises:
        NotSeen: it does not within PATIENCE_S.
    """
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise NotSeen(f"after {PATIENCE_S:g} s still not: {what}. telltale status shows what stands still")
        time.sleep(every_s)
