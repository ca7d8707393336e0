"""`telltale up` with its processes, twice at one moment."""

from pathlib import Path

import httpx
import psutil

from tests.stacks import StackOfTests


def test_two_started_at_one_moment_each_answer_for_themselves(tmp_path: Path) -> None:
    stacks = [StackOfTests(tmp_path / name) for name in ("left", "right")]
    try:
        starting = [stack.start("up", "--light", "--detach") for stack in stacks]
        for process in starting:
            said, _ = process.communicate(timeout=240)
            assert process.returncode == 0, said
        left, right = (stack.parts() for stack in stacks)
        assert not {part["address"] for part in left.values()} & {part["address"] for part in right.values()} - {""}
        for stack, parts in zip(stacks, (left, right), strict=True):
            for name in ("api", "commands"):
                assert parts[name]["restarts"] == 0, "its port was taken by the other stack"
                assert listening_home(parts[name]["address"]) == str(stack.home)
                assert httpx.get(f"{parts[name]['address']}/health", timeout=10).is_success
    finally:
        for stack in stacks:
            stack.run("reset", "--yes")


def listening_home(address: str) -> str:
    """Return the home of the process that listens at a URL."""
    port = int(address.rpartition(":")[2])
    pids = [
        connection.pid
        for connection in psutil.net_connections("tcp4")
        if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,)
    ]
    return psutil.Process(pids[0]).environ()["TELLTALE_HOME"]
