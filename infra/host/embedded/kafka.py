"""The log: one Apache Kafka node that is its own controller, loopback only."""

import base64
import uuid
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException, Producer

from infra.files import write_private
from infra.host.backup.snapshot import snapshot_if_wanted
from infra.host.embedded.home import Home
from infra.host.embedded.java import JavaPrograms
from infra.host.supervisor.part import RunOnce
from infra.host.supervisor.program import NotReady, Program
from infra.host.supervisor.state import PartKind
from infra.kafka.client.clients import LARGEST_RECORD_BYTES
from infra.kafka.client.topics import ensure_stack_topics, ensure_topics

PROBE_TOPIC: Final = "stack-probe"

_LOGGING: Final = """\
status = error
appender.console.type = Console
appender.console.name = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %m (%c)%n
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = CONSOLE
"""


class KafkaService:
    """Kafka as a part of the stack."""

    name = "kafka"
    kind = PartKind.SERVICE
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    ready_deadline_s = 120.0
    fix = "look at the log above; if its files are damaged, `telltale restore` a backup into a new TELLTALE_HOME"

    def __init__(self, home: Home, programs: JavaPrograms, *, port: int, controller_port: int) -> None:
        self._home = home
        self._programs = programs
        self._port = port
        self._controller_port = controller_port
        self._files: list[Path] = []

    @property
    def address(self) -> str:
        """Return the bootstrap address."""
        return f"127.0.0.1:{self._port}"

    def prepare(self, run: RunOnce) -> None:
        """Check the jars, write the configuration, format the storage once; link the log if a backup waits for it."""
        snapshot_if_wanted(self._home)
        self._files = self._programs.kafka()
        folder = self._home.folder("kafka")
        write_private(folder / "log4j2.properties", _LOGGING)
        write_private(folder / "server.properties", self._configuration(folder / "data"))
        if not (folder / "data" / "meta.properties").exists():
            run(
                self._java(
                    "kafka.tools.StorageTool",
                    "format",
                    "--ignore-formatted",
                    "--cluster-id",
                    base64.urlsafe_b64encode(uuid.uuid4().bytes)[:22].decode().replace("-", "A"),
                    "--config",
                    str(folder / "server.properties"),
                    quick=True,
                )
            )

    def program(self) -> Program:
        """Return the broker."""
        return self._java("kafka.Kafka", str(self._home.folder("kafka") / "server.properties"))

    def probe(self) -> None:
        """Commit a transaction."""
        try:
            ensure_stack_topics(self.address, {PROBE_TOPIC: 3_600_000})
            producer = Producer(
                {
                    "bootstrap.servers": self.address,
                    "transactional.id": PROBE_TOPIC,
                    "transaction.timeout.ms": 5_000,
                    "log_level": 0,
                }
            )
            producer.init_transactions(5)
            producer.begin_transaction()
            producer.produce(PROBE_TOPIC, b"ready?")
            producer.commit_transaction(5)
        except KafkaException as failure:
            raise NotReady(str(failure.args[0])) from failure

    def settle(self) -> None:
        """Make the topics of the log.

        Raises:
            TopicsDiffer: a topic is there with another number of partitions.
        """
        try:
            ensure_topics(self.address)
        except KafkaException as failure:
            raise NotReady(str(failure.args[0])) from failure

    def _java(self, *arguments: str, quick: bool = False) -> Program:
        folder = self._home.folder("kafka")
        return Program(
            arguments=(
                *self._programs.arguments(heap_megabytes=512, quick=quick),
                f"-Dlog4j2.configurationFile={(folder / 'log4j2.properties').as_uri()}",
                "-cp",
                ":".join(str(path) for path in self._files),
                *arguments,
            ),
            folder=folder,
            stop_deadline_s=30.0,
        )

    def _configuration(self, data: Path) -> str:
        lines = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "listeners": f"BROKER://127.0.0.1:{self._port},CONTROLLER://127.0.0.1:{self._controller_port}",
            "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "BROKER",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller_port}",
            "log.dirs": str(data),
            # One node: every internal topic has one copy.
            "default.replication.factor": "1",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "8",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "8",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            # The log is the truth: nothing is made by accident, nothing expires.
            "auto.create.topics.enable": "false",
            "log.retention.ms": "-1",
            "log.message.timestamp.type": "LogAppendTime",
            "offsets.retention.minutes": "2147483647",
            "transactional.id.expiration.ms": "2147483647",
            "message.max.bytes": str(LARGEST_RECORD_BYTES),
            # A dead writer's transaction is aborted at its own timeout, looked for every second.
            "transaction.max.timeout.ms": "60000",
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
            # After kill -9 the broker waits for its own old session, so that is kept short.
            "broker.session.timeout.ms": "2000",
            "broker.heartbeat.interval.ms": "500",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            "num.network.threads": "2",
            "num.io.threads": "4",
            "log.cleaner.dedupe.buffer.size": "33554432",
        }
        return "".join(f"{name}={value}\n" for name, value in lines.items())
