import socket
from pathlib import Path

import pytest

from infra.embedded.home import Home
from infra.embedded.ports import PortTaken, check_ports_free, choose_ports, remembered_ports
from infra.embedded.secrets import load_secrets


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    return home


def test_ports_are_chosen_once_and_remembered(home: Home) -> None:
    first = choose_ports(home, ["kafka", "postgres"])
    later = choose_ports(home, ["kafka", "postgres", "mlflow"])
    assert first["kafka"] != first["postgres"]
    assert later | first == later == remembered_ports(home)


def test_a_preferred_port_that_is_taken_gives_way_to_a_free_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setattr("infra.embedded.ports.PREFERRED", {"dashboard": taken})
        assert choose_ports(home, ["dashboard"])["dashboard"] != taken


def test_a_taken_port_is_told_with_its_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"port {port} of kafka is taken by .+\(pid \d+\)"):
            check_ports_free({"kafka": port})


def test_secrets_are_made_once_and_only_their_owner_reads_them(home: Home) -> None:
    first = load_secrets(home, ["telltale"])
    later = load_secrets(home, ["telltale", "s3"])
    assert later["telltale"] == first["telltale"] != later["s3"]
    assert home.secrets.stat().st_mode & 0o777 == 0o600
