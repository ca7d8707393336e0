"""The ports of a stack: free ones, chosen once and remembered, so that addresses outlive a restart.

Between choosing a port and listening on it lie seconds, in which another stack could choose it too. So a port is
claimed when it is chosen, and the claim is held as long as the supervisor lives.
"""

import json
import random
import socket
import sys
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Final

import psutil

from infra.files import write_private
from infra.host.embedded.home import Home

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


class PortClaims:
    """Ports that this process means to use, seen by every other one of ours on this machine; ends with the process.

    A claim is a bound socket without a file (Linux's abstract names), which lives in the network namespace as ports do.
    Elsewhere nothing is claimed, and two stacks that start at one moment may choose one port; the second is told so.
    """

    def __init__(self) -> None:
        self._held: dict[int, socket.socket] = {}

    def claim(self, port: int) -> bool:
        """Return whether the port is ours now: claimed before, or by this call; False when another process has it."""
        if port in self._held or not sys.platform.startswith("linux"):
            return True
        mine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            mine.bind(f"\0telltale-port-{port}")
        except OSError:
            mine.close()
            return False
        self._held[port] = mine
        return True

    def release(self) -> None:
        """Let all go."""
        for mine in self._held.values():
            mine.close()
        self._held.clear()


def remembered_ports(home: Home) -> dict[str, int]:
    """Return the ports chosen so far."""
    return json.loads(home.ports.read_text()) if home.ports.exists() else {}


def choose_ports(home: Home, names: Iterable[str], claims: PortClaims) -> dict[str, int]:
    """Return a port for every name: the remembered one, else a free one, claimed and remembered from now on."""
    ports = remembered_ports(home)
    for name in names:
        if name not in ports:
            ports[name] = _choose(PREFERRED.get(name), claims, taken=set(ports.values()))
    write_private(home.ports, json.dumps(ports, indent=2) + "\n")
    return ports


def check_ports_free(ports: Mapping[str, int], claims: PortClaims | None = None) -> None:
    """Raise PortTaken for the first port that somebody listens on, or that another stack has claimed."""
    for name, port in ports.items():
        if not is_free(port):
            raise PortTaken(name, port, _holder(port))
        if claims is not None and not claims.claim(port):
            raise PortTaken(name, port, "another stack that is starting")


def move_if_taken(home: Home, names: Iterable[str], claims: PortClaims) -> dict[str, tuple[int, int]]:
    """Give each of these a new port if somebody has its own; return the old and new ones of those that moved.

    For ports that nobody but people types: several stacks may each remember the usual number.
    """
    ports = remembered_ports(home)
    moved = {}
    for name in names:
        if not (is_free(ports[name]) and claims.claim(ports[name])):
            moved[name] = (ports[name], _choose(None, claims, taken=set(ports.values())))
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


def _choose(preferred: int | None, claims: PortClaims, *, taken: set[int]) -> int:
    if preferred is not None and preferred not in taken and is_free(preferred) and claims.claim(preferred):
        return preferred
    candidates = random.SystemRandom().sample(range(FIRST, LAST), k=1_000)
    for port in candidates:
        if port not in taken and is_free(port) and is_free(port + SECOND_ABOVE) and claims.claim(port):
            return port
    raise PortTaken("a part", candidates[-1], "others, like a thousand more")


def listener(port: int) -> psutil.Process | None:
    """Return the process that listens on this loopback port; None when there is none or the system does not tell."""
    try:
        for connection in psutil.net_connections("tcp4"):
            listening = connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,)
            if listening and connection.pid:
                return psutil.Process(connection.pid)
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        pass
    return None


def _holder(port: int) -> str:
    found = listener(port)
    try:
        return "another program" if found is None else f"{found.name()} (pid {found.pid})"
    except psutil.NoSuchProcess:
        return "a program that has just ended"
