"""The embedded stack put together: which parts, at which addresses, with which passwords."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from infra.files import write_private
from infra.host.embedded import seaweed
from infra.host.embedded.home import Home
from infra.host.embedded.java import Download, JavaPrograms
from infra.host.embedded.kafka import KafkaService
from infra.host.embedded.mlflow import MlflowService
from infra.host.embedded.network_ports import PortClaims, choose_ports, move_if_taken, remembered_ports
from infra.host.embedded.postgres import MLFLOW, OWNER, READER, PostgresService
from infra.host.embedded.processes import PROCESSES, ProcessPart
from infra.host.embedded.registry import RegistryService
from infra.host.embedded.seaweed import SeaweedService
from infra.host.embedded.secrets import load_secrets
from infra.host.supervisor.part import Part
from infra.host.supervisor.program import NotReady
from infra.settings import PREFIX, Settings

SERVICE_PORTS: Final = ("kafka", "kafka-controller", "registry", "registry-management", "postgres")
FULL_PORTS: Final = (*seaweed.PORTS, "mlflow")


class EmbeddedStack:
    """Everything one home runs. Choosing ports and passwords is all that constructing it does."""

    def __init__(self, home: Home, settings: Settings, *, light: bool, download: Download, scorers: int = 1) -> None:
        home.create()
        shutil.rmtree(home.temporary, ignore_errors=True)  # what a killed stack left there
        home.temporary.mkdir(exist_ok=True)
        self.home = home
        self.light = light
        processes = [
            replace(process, replicas=scorers) if process.command == "scorer" else process
            for process in PROCESSES
            if not (light and process.full_only)
        ]
        self._processes = processes
        names = [*SERVICE_PORTS, *(() if light else FULL_PORTS), *(p.command for p in processes if p.listens)]
        self.claims = PortClaims()
        choose_ports(home, names, self.claims)
        self.moved = move_if_taken(home, [process.command for process in processes if process.listens], self.claims)
        """Own processes whose remembered port is somebody else's now: old port, new port."""
        self.ports = remembered_ports(home)
        passwords = load_secrets(home, ["postgres", OWNER, READER, MLFLOW, "s3"])
        programs = JavaPrograms(home, settings, download)
        self._kafka = KafkaService(
            home, programs, port=self.ports["kafka"], controller_port=self.ports["kafka-controller"]
        )
        self._registry = RegistryService(
            home,
            programs,
            ports=(self.ports["registry"], self.ports["registry-management"]),
            bootstrap=self._kafka.address,
            publish=self._publish_contracts,
        )
        self._postgres = PostgresService(home, port=self.ports["postgres"], passwords=passwords)
        self._s3_secret_key = passwords["s3"]
        self._s3: SeaweedService | None = None
        self._mlflow: MlflowService | None = None
        if not light:
            self._s3, self._mlflow = self._object_store_and_mlflow()

    def services(self) -> list[Part]:
        """Return the services."""
        full = (self._s3, self._mlflow)
        return [self._kafka, self._registry, self._postgres, *(part for part in full if part is not None)]

    def processes(self, *, exists: Callable[[str], bool], folder: Path) -> list[Part]:
        """Return Telltale's own processes whose command exists; `folder` is where they run, and so find `.env`."""
        return [
            ProcessPart(
                process, replica=replica, home=self.home.path, folder=folder, port=self.ports.get(process.command)
            )
            for process in self._processes
            if exists(process.command)
            for replica in range(process.replicas)
        ]

    def write_settings(self) -> None:
        """Write the file that settings read; only its owner can."""
        values = self.settings()
        lines = "".join(f"{PREFIX}{name.upper()}={value}\n" for name, value in values.items())
        write_private(self.home.stack_env, f"# Written by `telltale up`; changed by the next one.\n{lines}")

    def settings(self) -> Mapping[str, str]:
        """Return what others need in order to reach the stack."""
        values = {
            "kafka_bootstrap": self._kafka.address,
            "registry_url": self._registry.address,
            "postgres_dsn": self._postgres.dsn(OWNER, OWNER),
            "postgres_reader_dsn": self._postgres.dsn(READER, OWNER),
        }
        if self._s3 is not None and self._mlflow is not None:
            values |= {
                "s3_endpoint": self._s3.address,
                "s3_access_key": seaweed.ACCESS_KEY,
                "s3_secret_key": self._s3_secret_key,
                "s3_bucket": seaweed.BUCKET,
                "mlflow_url": self._mlflow.address,
            }
        for process in self._processes:
            if process.listens:
                port = self.ports[process.command]
                values[f"{process.command}_port"] = str(port)
                values[f"{process.command}_url"] = f"http://127.0.0.1:{port}"
        return values

    def _object_store_and_mlflow(self) -> tuple[SeaweedService, MlflowService]:
        ports = tuple(self.ports[name] for name in seaweed.PORTS)
        store = SeaweedService(self.home, ports=ports, secret_key=self._s3_secret_key)
        return store, MlflowService(
            self.home,
            port=self.ports["mlflow"],
            store=self._postgres.dsn(MLFLOW, MLFLOW),
            s3_endpoint=store.address,
            s3_secret_key=self._s3_secret_key,
        )

    def _publish_contracts(self) -> None:
        """Publish the contracts, with the settings as they are now.

        Raises:
            NotReady: log or registry went away meanwhile.
        """
        from infra.kafka.client.clients import LogNotReachable  # noqa: PLC0415 - slow, and needed only here
        from infra.kafka.client.log_range import LogStalled  # noqa: PLC0415 - likewise
        from infra.kafka.meaning.contracts import ContractsNotAppended  # noqa: PLC0415 - likewise
        from infra.registry.client import RegistryNotReachable  # noqa: PLC0415 - likewise
        from infra.registry.publish import publish_contracts  # noqa: PLC0415 - likewise

        try:
            publish_contracts(Settings(home=self.home.path))
        except (LogNotReachable, LogStalled, ContractsNotAppended, RegistryNotReachable) as away:
            raise NotReady(str(away)) from away


def needed_ports(ports: Mapping[str, int], parts: Sequence[Part]) -> dict[str, int]:
    """Return the ports that these parts are about to listen on."""
    names = {part.name for part in parts}
    return {name: port for name, port in ports.items() if name in names or name.split("-")[0] in names}
