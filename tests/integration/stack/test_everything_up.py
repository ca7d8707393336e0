"""`telltale up` with everything: services and processes, once in full and twice at one moment."""

from pathlib import Path

import httpx
import psutil

from tests.integration.stack.test_full_stack import SERVICES
from tests.stacks import StackOfTests, must, wait_until

MEMORY_BYTES = 3_000_000_000
PROCESSES = {"scorer", "projector", "commands", "mirror", "api", "dashboard"}


def test_all_parts_run_in_three_gigabytes_and_down_leaves_nothing(tmp_path: Path) -> None:
    stack = StackOfTests(tmp_path / "home")
    try:
        must(stack.run("up", "--detach"))
        wait_until(stack.all_ready, deadline_s=60, what="every part is ready")
        parts = stack.parts()
        assert parts.keys() >= SERVICES | PROCESSES
        for name, part in parts.items():
            assert psutil.Process(part["pid"]).is_running()
            assert part["restarts"] == 0, part
            assert part["kind"] == ("service" if name in SERVICES else "process")
            assert part["address"] or name not in {*SERVICES, "commands", "api", "dashboard"}
        addresses = [part["address"] for part in parts.values() if part["address"]]
        assert len(set(addresses)) == len(addresses)
        assert sum(own_bytes(process) for process in stack.running()) < MEMORY_BYTES
        must(stack.run("down"))
        assert stack.running() == []
    finally:
        stack.run("reset", "--yes")


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
            assert all(part["restarts"] == 0 for part in parts.values()), parts
            for name in ("api", "commands"):
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


def own_bytes(process: psutil.Process) -> int:
    """Return a process's share of memory, pages that several use counted once."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0
