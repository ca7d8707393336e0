"""The schema registry: Apicurio, its schemas kept in the log, loopback only."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx
from confluent_kafka import KafkaException

from infra.host.embedded.home import Home
from infra.host.embedded.java import JavaPrograms
from infra.host.supervisor.part import RunOnce
from infra.host.supervisor.program import NotReady, Program
from infra.host.supervisor.state import PartKind
from infra.kafka.client.topics import ensure_stack_topics

TOPICS: Final = {"kafkasql-journal": -1, "kafkasql-snapshots": -1, "registry-events": -1}
"""Made by us, kept for ever: made by the registry they would expire with its schemas."""

PROBE: Final = '{"schema": "\\"string\\""}'


class RegistryService:
    """Apicurio as a part of the stack."""

    name = "registry"
    kind = PartKind.SERVICE
    needs: tuple[str, ...] = ("kafka",)
    after: tuple[str, ...] = ()
    ready_deadline_s = 120.0
    fix = "look at the log above; the registry's schemas are in the log, so it can always be started again"

    def __init__(
        self, home: Home, programs: JavaPrograms, *, ports: tuple[int, int], bootstrap: str, publish: Callable[[], None]
    ) -> None:
        self._home = home
        self._programs = programs
        self._port, self._management_port = ports
        self._bootstrap = bootstrap
        self._publish = publish
        self._folder = Path()

    @property
    def address(self) -> str:
        """Return the URL of the API that the clients speak."""
        return f"http://127.0.0.1:{self._port}/apis/ccompat/v7"

    def prepare(self, run: RunOnce) -> None:  # noqa: ARG002 - nothing to run
        """Check the program's files and make its topics."""
        self._folder = self._programs.registry()
        try:
            ensure_stack_topics(self._bootstrap, TOPICS)
        except KafkaException as failure:
            raise NotReady(str(failure.args[0])) from failure

    def program(self) -> Program:
        """Return the registry."""
        folder = self._home.folder("registry")
        return Program(
            arguments=(
                *self._programs.arguments(heap_megabytes=256, quick=True),
                "-jar",
                str(self._folder / "quarkus-run.jar"),
            ),
            environment={
                "TMPDIR": str(self._home.temporary),
                "QUARKUS_HTTP_HOST": "127.0.0.1",
                "QUARKUS_HTTP_PORT": str(self._port),
                "QUARKUS_HTTP_ACCESS_LOG_ENABLED": "false",
                "QUARKUS_MANAGEMENT_HOST": "127.0.0.1",
                "QUARKUS_MANAGEMENT_PORT": str(self._management_port),
                "QUARKUS_OTEL_SDK_DISABLED": "true",
                "APICURIO_STORAGE_KIND": "kafkasql",
                "APICURIO_STORAGE_SNAPSHOT_LOCATION": str(folder),
                "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS": self._bootstrap,
                "APICURIO_KAFKASQL_CONSUMER_POLL_TIMEOUT": "200",
                "APICURIO_KAFKASQL_TOPIC_AUTO_CREATE": "false",
            },
            folder=folder,
        )

    def probe(self) -> None:
        """Register a schema."""
        headers = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
        try:
            httpx.post(
                f"{self.address}/subjects/stack-probe/versions", content=PROBE, headers=headers, timeout=5
            ).raise_for_status()
        except httpx.HTTPError as failure:
            raise NotReady(str(failure) or type(failure).__name__) from failure

    def settle(self) -> None:
        """Publish the contracts."""
        self._publish()
