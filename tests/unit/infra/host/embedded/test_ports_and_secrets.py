import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.host.embedded.home import Home
from infra.host.embedded.network_ports import (
    PortClaims,
    PortTaken,
    check_ports_free,
    choose_ports,
    move_if_taken,
    remembered_ports,
)
from infra.host.embedded.processes import OwnProcess, ProcessPart
from infra.host.embedded.secrets import load_secrets
from infra.host.supervisor.program import NotReady
from tests.stacks import wait_until


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    return home


@pytest.fixture
def claims() -> Iterator[PortClaims]:
    claims = PortClaims()
    yield claims
    claims.release()


def test_ports_are_chosen_once_and_remembered(home: Home, claims: PortClaims) -> None:
    first = choose_ports(home, ["kafka", "postgres"], claims)
    later = choose_ports(home, ["kafka", "postgres", "mlflow"], claims)
    assert first["kafka"] != first["postgres"]
    assert later | first == later == remembered_ports(home)


def test_a_preferred_port_that_is_taken_gives_way_to_a_free_one(
    home: Home, claims: PortClaims, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setattr("infra.host.embedded.network_ports.PREFERRED", {"dashboard": taken})
        assert choose_ports(home, ["dashboard"], claims)["dashboard"] != taken


def test_a_taken_port_is_told_with_its_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"port {port} of kafka is taken by .+\(pid \d+\)"):
            check_ports_free({"kafka": port})


def test_of_two_stacks_that_start_at_one_moment_only_one_gets_a_port(
    tmp_path: Path, claims: PortClaims, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        free = found.getsockname()[1]
    monkeypatch.setattr("infra.host.embedded.network_ports.PREFERRED", {"api": free})
    homes = [Home(tmp_path / name) for name in ("first", "second")]
    for home in homes:
        home.create()
    others = PortClaims()
    try:
        assert choose_ports(homes[0], ["api"], claims)["api"] == free
        assert choose_ports(homes[1], ["api"], others)["api"] != free, "nobody listens yet, and still it is taken"
        with pytest.raises(PortTaken, match="another stack that is starting"):
            check_ports_free({"kafka": free}, others)
        homes[1].ports.write_text(f'{{"api": {free}}}')
        assert move_if_taken(homes[1], ["api"], others)["api"][0] == free
        claims.release()
        check_ports_free({"kafka": free}, others)
    finally:
        others.release()


def test_secrets_are_made_once_and_only_their_owner_reads_them(home: Home) -> None:
    first = load_secrets(home, ["telltale"])
    later = load_secrets(home, ["telltale", "s3"])
    assert later["telltale"] == first["telltale"] != later["s3"]
    assert home.secrets.stat().st_mode & 0o777 == 0o600


SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Ok(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

HTTPServer(("127.0.0.1", int(sys.argv[1])), Ok).serve_forever()
"""


@pytest.mark.parametrize("own", [True, False])
def test_a_process_is_ready_only_when_it_is_the_one_that_answers_on_its_port(tmp_path: Path, *, own: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = int(found.getsockname()[1])
    part = ProcessPart(OwnProcess(command="api", listens=True), replica=0, home=tmp_path, folder=tmp_path, port=port)
    told = part.program().environment
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(port)], env={**os.environ, **(told if own else {})}, stderr=log
        )
    try:
        said: list[str] = []
        wait_until(lambda: settled(part, said), deadline_s=20, what="the server answers")
        assert said[-1] == ("ready" if own else f"port {port} is answered by pid {server.pid}")
    finally:
        server.kill()
        server.wait()


def settled(part: ProcessPart, said: list[str]) -> bool:
    """Return whether the probe has got an answer from somebody; `said` has what it said of it."""
    try:
        part.probe()
    except NotReady as failure:
        said.append(str(failure))
        return "is answered by" in said[-1]
    said.append("ready")
    return True
