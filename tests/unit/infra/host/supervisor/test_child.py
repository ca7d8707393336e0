"""One process of a part: how it begins and ends, who it was, and where its words go."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from infra.host.embedded.home import Home
from infra.host.supervisor.child import Child, Identity
from infra.host.supervisor.control import end_orphans
from infra.host.supervisor.log_files import KEPT, rotate
from infra.host.supervisor.program import Program
from infra.host.supervisor.state import read_status
from tests.unit.infra.host.supervisor.running import Running, ShellPart


def test_a_program_whose_start_was_not_written_down_never_runs(tmp_path: Path) -> None:
    def die(_identity: Identity) -> None:
        raise KeyboardInterrupt

    program = Program(arguments=("/bin/sh", "-c", "touch ran"), folder=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        Child.start(program, log=tmp_path / "log", record=die)
    assert not (tmp_path / "ran").exists()


def test_what_a_killed_supervisor_left_behind_is_ended_by_number_and_start_time(
    home: Home, supervise: Callable[..., Running], tmp_path: Path
) -> None:
    running = supervise(ShellPart("log", "exec sleep 100", tmp_path))
    assert running.up.wait(10)
    status = read_status(home.state)
    assert status is not None
    left_behind = psutil.Process(running.pid("log"))
    reports: list[str] = []
    end_orphans(home.state, report=lambda name, _: reports.append(name))
    assert reports == ["log"]
    assert not left_behind.is_running() or left_behind.status() == psutil.STATUS_ZOMBIE


def test_another_process_with_a_remembered_number_is_left_alone(tmp_path: Path) -> None:
    other = subprocess.Popen(["/bin/sleep", "100"], start_new_session=True)
    try:
        earlier = Identity(other.pid, psutil.Process(other.pid).create_time() - 100)
        assert not earlier.is_alive()
    finally:
        other.kill()
        other.wait()


def test_a_log_that_grew_too_large_is_copied_and_emptied_while_it_is_written(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    with log.open("a") as writer:
        for number in range(KEPT + 2):
            writer.write(f"line {number}\n")
            writer.flush()
            rotate([log], largest_bytes=3)
        writer.write("newest\n")
    assert log.read_text() == "newest\n"
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "kafka.log",
        *(f"kafka.log.{n + 1}" for n in range(KEPT)),
    ]
    assert (tmp_path / "kafka.log.1").read_text() == f"line {KEPT + 1}\n"
