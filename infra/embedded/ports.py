"""The ports of a stack: free ones, chosen once and remembered, so that addresses outlive a restart."""

import json
import random
import socket
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Final

import psutil

from infra.embedded.home import Home
from infra.files import write_private

PREFERRED: Final[Mapping[str, int]] = {"api": 8000, "commands": 8001, "dashboard": 8501}
"""What people type into a browser keeps its usual number while that is free."""

FIRST, LAST = 12_000, 22_000
"""These, and those 10,000 above, lie below what operating systems take for outgoing connections (Linux: from 32768)."""

SECOND_ABOVE: Final = 10_000
"""SeaweedFS listens for its own parts this far above each of its ports, so both must be free."""


class PortTaken(OSError):
    """A remembered port is used by somebody else."""

    def __init__(self, name: str, port: int, holder: str) -> None:
        super().__init__(f"port {port} of {name} is taken by {holder}")
        self.name = name
        self.port = port
        self.holder = holder


def remembered_ports(home: Home) -> dict[str, int]:
    """Return the ports chosen so far."""
    return json.loads(home.ports.read_text()) if home.ports.exists() else {}


def choose_ports(home: Home, names: Iterable[str]) -> dict[str, int]:
    """Return a port for every name: the remembered one, else a free one, remembered from now on."""
    ports = remembered_ports(home)
    for name in names:
        if name not in ports:
            ports[name] = _choose(PREFERRED.get(name), taken=set(ports.values()))
    write_private(home.ports, json.dumps(ports, indent=2) + "\n")
    return ports


def check_ports_free(ports: Mapping[str, int]) -> None:
    """Raise PortTaken for the first port that somebody listens on."""
    for name, port in ports.items():
        if not is_free(port):
            raise PortTaken(name, port, _holder(port))


def move_if_taken(home: Home, names: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Give each of these a new port if somebody listens on its own; return the old and new ones of those that moved.

    For ports that nobody but people types: several stacks may each remember the usual number.
    """
    ports = remembered_ports(home)
    moved = {}
    for name in names:
        if not is_free(ports[name]):
            moved[name] = (ports[name], _choose(None, taken=set(ports.values())))
            ports[name] = moved[name][1]
    if moved:
        write_private(home.ports, json.dumps(ports, indent=2) + "\n")
    return moved


def is_free(port: int) -> bool:
    """Return whether nobody listens on this loopback port."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _choose(preferred: int | None, *, taken: set[int]) -> int:
    if preferred is not None and preferred not in taken and is_free(preferred):
        return preferred
    candidates = random.SystemRandom().sample(range(FIRST, LAST), k=1_000)
    for port in candidates:
        if port not in taken and is_free(port) and is_free(port + SECOND_ABOVE):
            return port
    raise PortTaken("a part", candidates[-1], "others, like a thousand more")


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp4"):
            listening = connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,)
            if listening and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        pass
    return "another program"
