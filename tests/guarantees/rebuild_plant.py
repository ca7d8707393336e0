"""A stack with a projector and the query API at work, whose readings come in transactions."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import httpx
import psycopg
from confluent_kafka import Message

from domain.readings import SensorReadingRecorded
from domain.topics import PROFILE_EVENTS, SENSOR_EVENTS
from infra.kafka.client.clients import partitions_of, producer
from infra.kafka.client.ends import LogEnds
from infra.kafka.meaning.contracts import load_contracts
from infra.postgres.connections import connect_for_writing
from infra.postgres.migrate import migrate
from infra.postgres.projector_list import list_projections
from projections.checkpoints import TopicPartition
from schemas.codec import encode
from tests.builders import a_profile, a_reading
from tests.stacks import PROJECT, TELLTALE, StackOfTests, wait_until
from tests.tied import tied

MACHINES: Final = tuple(f"machine-{number:02d}" for number in range(16))
DEADLINE_S: Final = 90.0


@dataclass
class RebuildPlant:
    """What the tests of rebuilding do to a stack, and what they see of it."""

    stack: StackOfTests
    sent: int = 0
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def bootstrap(self) -> str:
        """Return Kafka's address."""
        return self.stack.settings.kafka_bootstrap

    def start(self, *names: str) -> None:
        """Start processes of Telltale."""
        for name in names:
            self.processes[name] = self._popen(*TELLTALE, name)

    def stop(self, *names: str) -> None:
        """End processes as the supervisor does."""
        for name in names or tuple(self.processes):
            process = self.processes.pop(name)
            process.terminate()
            process.wait(DEADLINE_S)

    def prepare(self) -> None:
        """Let the database have its tables and the log know what the machines measure."""
        with connect_for_writing(self.stack.settings.postgres_dsn, name="test") as connection:
            migrate(connection)
        profile = a_profile()
        self.produce(PROFILE_EVENTS, profile.name, encode(profile, load_contracts(self.bootstrap)), partition=0)

    def send(self, count: int) -> None:
        """Append readings of all machines in turn in one transaction, so that partitions end in markers."""
        numbers = range(self.sent, self.sent + count)
        self.append([a_reading(number, machine_id=MACHINES[number % len(MACHINES)]) for number in numbers])

    def append(self, readings: Sequence[SensorReadingRecorded]) -> list[str]:
        """Append readings in one transaction; return their positions."""
        contracts = load_contracts(self.bootstrap)
        client = producer(self.bootstrap, transactional_id="rebuild-plant")
        positions: list[str] = []

        def delivered(error: object, message: Message) -> None:
            assert error is None
            positions.append(f"{message.topic()}/{message.partition()}/{message.offset()}")

        client.init_transactions(30)
        client.begin_transaction()
        for reading in readings:
            client.produce(
                SENSOR_EVENTS, encode(reading, contracts), reading.machine_id.encode(), on_delivery=delivered
            )
        client.commit_transaction(30)
        self.sent += len(readings)
        return positions

    def produce(self, topic: str, key: str, value: bytes, *, partition: int, timestamp_ms: int = 0) -> None:
        """Append one record as it is."""
        client = producer(self.bootstrap)
        client.produce(topic, value, key.encode(), partition=partition, timestamp=timestamp_ms)
        assert client.flush(30) == 0

    def reading(self, second: float, machine: str) -> SensorReadingRecorded:
        """Return a reading of one machine."""
        return a_reading(second, machine_id=machine)

    def ends(self) -> dict[TopicPartition, int]:
        """Return where the partitions of sensor-events end."""
        places = [(SENSOR_EVENTS, number) for number in partitions_of(SENSOR_EVENTS)]
        return {TopicPartition(*place): end for place, end in LogEnds(self.bootstrap).stable(places).items()}

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query; every read model's serving build is on the search path."""
        with psycopg.connect(self.stack.settings.postgres_dsn, autocommit=True) as connection:
            served = connection.execute("SELECT read_model, build FROM telltale.serving").fetchall()
            path = ", ".join([*(f"{name}_b{build}" for name, build in served), "pg_catalog"])
            connection.execute(f"SET search_path TO {path}".encode())
            cursor = connection.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def serving(self, read_model: str) -> int:
        """Return the number of the serving build."""
        return int(self.rows("SELECT build FROM telltale.serving WHERE read_model = %s", read_model)[0][0])

    def positions(self, read_model: str, build: int) -> dict[TopicPartition, int]:
        """Return a build's checkpoint."""
        rows = self.rows(f"SELECT topic, partition, next_offset FROM {read_model}_b{build}.checkpoint")  # noqa: S608
        return {TopicPartition(topic, partition): offset for topic, partition, offset in rows}

    def projected(self, read_model: str = "readings", build: int | None = None) -> bool:
        """Return whether a build (default: the serving one) has reached the end of sensor-events."""
        if not self.rows("SELECT 1 FROM telltale.serving WHERE read_model = %s", read_model):
            return False
        here = self.positions(read_model, build or self.serving(read_model))
        return all(here.get(where, -1) >= end for where, end in self.ends().items())

    def wait_until_projected(self, *read_models: str) -> None:
        """Wait until every build that is followed has reached the end of sensor-events."""
        for name in read_models or ("readings",):
            builds = self.rows(
                "SELECT build FROM telltale.builds WHERE read_model = %s AND followed AND discarded_at IS NULL", name
            )
            for (build,) in builds or [(None,)]:
                wait_until(
                    lambda name=name, build=build: self.projected(name, build),  # type: ignore[misc]
                    deadline_s=DEADLINE_S,
                    what=f"{name} {build} is projected",
                )

    def states(self) -> dict[str, dict[str, Any]]:
        """Return what `projections list` says of the serving builds, without that command's start."""
        with psycopg.connect(self.stack.settings.postgres_dsn) as connection:
            return {one.read_model: asdict(one) for one in list_projections(connection) if one.serves}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return self.stack.run(*words)

    def crash_rebuild(self, step: str, read_model: str, how: signal.Signals = signal.SIGKILL) -> int:
        """Run a rebuild that sends itself a signal at `step`; return how it ended."""
        words = ("tests.guarantees.crashing_rebuild", step, read_model, how.name)
        return self._popen(sys.executable, "-m", *words).wait(DEADLINE_S)

    @contextmanager
    def api(self) -> Iterator[httpx.Client]:
        """Yield a client of the query API, once it answers."""
        with httpx.Client(base_url=self.stack.settings.api_url, timeout=30) as client:
            wait_until(lambda: _answers(client), deadline_s=DEADLINE_S, what="the API answers")
            yield client

    def _popen(self, *words: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "TELLTALE_HOME": str(self.stack.home)}
        with (self.stack.home / "logs" / "processes-of-the-test.log").open("ab") as log:
            return subprocess.Popen(
                [*words],
                env=environment,
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                preexec_fn=tied,  # noqa: PLW1509 - it calls the system once and nothing else
            )


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def swapped(told: Sequence[dict[str, Any]]) -> int:
    """Return the build that `rebuild --json` let serve."""
    [one] = told
    return int(one["to_build"])
