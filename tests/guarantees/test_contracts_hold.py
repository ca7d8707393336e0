"""The registry guards the contract: one that gives ids another meaning stops every producer and no reader."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.host.embedded.home import Home
from infra.host.embedded.java import JavaPrograms
from infra.host.embedded.registry import RegistryService
from infra.host.supervisor.child import Child
from infra.host.supervisor.program import Program
from infra.registry.client import RegistryClient
from infra.settings import Settings
from schemas.catalogue import subjects
from tests.stacks import StackOfTests, wait_until

REFUSED = 4


class NoDownload:
    """The session's stack has fetched everything."""

    def expect(self, what: str, total_bytes: int) -> None:
        raise AssertionError(what)

    def advance(self, count: int) -> None: ...


@pytest.fixture(scope="module")
def other_registry(stack_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a second real registry, in memory, into which the same schemas were published in the reverse order."""
    home = Home(tmp_path_factory.mktemp("other"))
    home.create()
    ports = (_free_port(), _free_port())
    programs = JavaPrograms(home, stack_settings, NoDownload())
    service = RegistryService(
        home, programs, ports=ports, bootstrap=stack_settings.kafka_bootstrap, publish=lambda: None
    )
    service.prepare(print)
    like = service.program()
    storage = {"APICURIO_STORAGE_KIND": "sql", "APICURIO_STORAGE_SQL_KIND": "h2"}
    program = Program(arguments=like.arguments, environment={**like.environment, **storage}, folder=like.folder)
    child = Child.start(program, log=home.log("registry"), record=print)
    try:
        wait_until(lambda: _answers(service.address), deadline_s=120, what="the second registry answers")
        with RegistryClient(service.address) as registry:
            for subject, schema in reversed([*subjects().items()]):
                registry.register(subject, schema.text)
        yield service.address
    finally:
        child.stop()


def test_schemas_republished_in_another_order_are_refused(
    stack: StackOfTests, other_registry: str, tmp_path: Path
) -> None:
    beside_other = StackOfTests(stack.home, environment={"TELLTALE_REGISTRY_URL": other_registry})
    file = tmp_path / "pump.csv"
    file.write_text("time,vibration\n2026-03-09T12:00:00Z,2.1\n")
    producers = (
        ("scorer",),
        ("commands",),
        ("ingest", "csv", str(file), "--time", "time", "--profile", "republished"),
        ("simulate", "--history", "1m", "--no-live"),
        ("contracts", "publish"),
    )
    for words in producers:
        done = beside_other.run(*words)
        assert done.returncode == REFUSED, (words, done.stdout, done.stderr)
        assert "in the registry" in " ".join(done.stderr.split()), (words, done.stderr)
    assert "republished" not in stack.run("profiles", "list").stdout
    listed = beside_other.run("contracts", "list", "--json")
    assert listed.returncode == 0, "reading needs no registry"


def test_doctor_names_the_ids_that_differ_and_the_remedy(stack: StackOfTests, other_registry: str) -> None:
    beside_other = StackOfTests(stack.home, environment={"TELLTALE_REGISTRY_URL": other_registry})
    said = beside_other.run("doctor")
    assert said.returncode == 1
    assert re.search(
        r"id \d+ is contracts-telltale.SchemaPublished version 1 in the log, \w+ with other content", said.stdout
    )
    assert "TELLTALE_REGISTRY_URL" in said.stdout
    assert "ids agree" in stack.run("doctor").stdout


def test_a_producer_does_without_a_registry_that_is_away(stack: StackOfTests) -> None:
    without = StackOfTests(stack.home, environment={"TELLTALE_REGISTRY_URL": f"http://127.0.0.1:{_free_port()}/x"})
    done = without.run("simulate", "--history", "10s", "--no-live", "--machines", "1")
    assert done.returncode == 0, done.stderr


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/subjects", timeout=2).is_success
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
