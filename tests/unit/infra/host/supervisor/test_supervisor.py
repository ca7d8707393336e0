import errno
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from infra.host.embedded.home import Home
from infra.host.supervisor.rests import write_rests
from infra.host.supervisor.standing import standing_of
from infra.host.supervisor.state import PartKind, PartState, Phase, read_status
from tests.stacks import wait_until
from tests.unit.infra.host.supervisor.running import Running, ShellPart


def test_a_part_starts_when_those_it_needs_are_ready_and_stops_before_them(
    home: Home, supervise: Callable[..., Running], tmp_path: Path
) -> None:
    order = tmp_path / "order"
    line = "echo start {0} >>order; trap 'echo stop {0} >>order; exit 0' TERM; while :; do sleep 0.05; done"
    running = supervise(
        ShellPart("above", line.format("above"), tmp_path, needs=("below",)),
        ShellPart("below", line.format("below"), tmp_path, ready=order.exists),
    )
    assert running.up.wait(10)
    wait_until(lambda: order.read_text().count("start") == 2, deadline_s=5, what="both started")
    running.stop()
    assert order.read_text().split("\n")[:4] == ["start below", "start above", "stop above", "stop below"]


def test_a_part_that_is_killed_is_started_again_and_the_reason_is_told(
    supervise: Callable[..., Running], tmp_path: Path
) -> None:
    running = supervise(ShellPart("log", "exec sleep 100", tmp_path))
    assert running.up.wait(10)
    killed = running.pid("log")
    os.kill(killed, signal.SIGKILL)
    wait_until(
        lambda: running.state("log") is PartState.READY and running.pid("log") != killed,
        deadline_s=10,
        what="it runs again",
    )
    assert any("was ended by SIGKILL; starting it again in 0.1 s" in report for report in running.reports)
    assert running.supervisor.status.part("log").restarts == 1


def test_a_part_that_dies_with_the_one_it_needs_waits_until_that_is_back(
    supervise: Callable[..., Running], tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    gate.touch()
    running = supervise(
        ShellPart("below", "exec sleep 100", tmp_path, ready=gate.exists),
        ShellPart("above", "exec sleep 100", tmp_path, needs=("below",), kind=PartKind.PROCESS),
    )
    assert running.up.wait(10)
    gate.unlink()
    os.kill(running.pid("below"), signal.SIGKILL)
    wait_until(lambda: running.state("below") is PartState.STARTING, deadline_s=5, what="the lower one starts again")
    os.kill(running.pid("above"), signal.SIGKILL)
    wait_until(lambda: running.state("above") is PartState.RESTARTING, deadline_s=5, what="the death is seen")
    assert not wait_for_ready(running, "above", seconds=0.5)
    gate.touch()
    wait_until(lambda: running.state("above") is PartState.READY, deadline_s=5, what="both are back")


def wait_for_ready(running: Running, name: str, *, seconds: float) -> bool:
    """Return whether a part becomes ready within this time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if running.state(name) is PartState.READY:
            return True
        time.sleep(0.02)
    return False


def test_what_a_killed_part_leaves_behind_is_ended_before_it_starts_again(
    supervise: Callable[..., Running], tmp_path: Path
) -> None:
    running = supervise(ShellPart("log", "sleep 100 & echo $! >helper; wait", tmp_path))
    helper = tmp_path / "helper"
    wait_until(lambda: helper.exists() and helper.read_text().strip() != "", deadline_s=5, what="the helper runs")
    left_behind = psutil.Process(int(helper.read_text()))
    os.kill(running.pid("log"), signal.SIGKILL)
    wait_until(lambda: not left_behind.is_running(), deadline_s=5, what="the helper is gone")


def test_a_service_that_ends_at_its_start_stops_everything_and_shows_its_last_lines(
    supervise: Callable[..., Running], tmp_path: Path
) -> None:
    running = supervise(
        ShellPart("good", "exec sleep 100", tmp_path),
        ShellPart("bad", "echo no such disk; exit 3", tmp_path, ready=lambda: False),
    )
    wait_until(lambda: running.state("good") is PartState.STOPPED, deadline_s=10, what="the other is stopped")
    (report,) = [report for report in running.reports if report.startswith("bad")]
    assert "ended with exit code 3" in report
    assert "no such disk" in report
    assert "next  try again" in report
    assert running.supervisor.status.all().phase is Phase.FAILED


def test_a_service_that_is_not_ready_in_time_says_what_it_waits_for_its_last_lines_and_the_fix(
    supervise: Callable[..., Running], tmp_path: Path
) -> None:
    running = supervise(
        ShellPart(
            "slow",
            "echo recovering partition 7; exec sleep 100",
            tmp_path,
            ready=lambda: False,
            ready_deadline_s=0.5,
            fix="give it more memory",
        )
    )
    wait_until(lambda: running.state("slow") is PartState.FAILED, deadline_s=10, what="it failed")
    (report,) = [report for report in running.reports if report.startswith("slow")]
    assert "did not become ready within 0 s (the test says no)" in report
    assert "recovering partition 7" in report
    assert "next  give it more memory" in report


def test_an_own_process_that_keeps_ending_stops_nothing_else(supervise: Callable[..., Running], tmp_path: Path) -> None:
    running = supervise(
        ShellPart("good", "exec sleep 100", tmp_path),
        ShellPart("scorer", "exit 1", tmp_path, kind=PartKind.PROCESS, ready=lambda: False),
    )
    wait_until(lambda: running.supervisor.status.part("scorer").restarts >= 2, deadline_s=10, what="it was tried again")
    assert running.state("good") is PartState.READY


def test_a_part_that_ignores_the_request_to_stop_is_killed(supervise: Callable[..., Running], tmp_path: Path) -> None:
    running = supervise(ShellPart("deaf", "trap '' TERM; touch ready; while :; do sleep 0.05; done", tmp_path))
    assert running.up.wait(10)
    wait_until((tmp_path / "ready").exists, deadline_s=5, what="it is deaf")
    process = psutil.Process(running.pid("deaf"))
    running.stop()
    assert not process.is_running()


def test_a_full_disk_keeps_nothing_from_running_and_the_status_is_written_when_there_is_room(
    home: Home, supervise: Callable[..., Running], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    running = supervise(ShellPart("log", "exec sleep 100", tmp_path))
    assert running.up.wait(10)
    with monkeypatch.context() as patched:
        patched.setattr("infra.host.supervisor.state.write_private", full)
        os.kill(running.pid("log"), signal.SIGKILL)
        wait_until(lambda: running.supervisor.status.part("log").restarts >= 2, deadline_s=10, what="it is tried again")
        assert any("No space left on device" in report for report in running.reports)
    wait_until(lambda: running.state("log") is PartState.READY, deadline_s=10, what="it runs again")
    status = read_status(home.state)
    assert status is not None
    assert [part.state for part in status.parts] == [PartState.READY]


def test_a_part_that_goes_away_while_it_is_settled_is_tried_again(
    supervise: Callable[..., Running], tmp_path: Path
) -> None:
    class Settling(ShellPart):
        def settle(self) -> None:
            super().settle()
            if len(self.settled) == 2:
                raise ConnectionError("the database went away")

    running = supervise(Settling("postgres", "exec sleep 100", tmp_path))
    assert running.up.wait(10)
    os.kill(running.pid("postgres"), signal.SIGKILL)
    wait_until(lambda: running.supervisor.status.part("postgres").restarts == 1, deadline_s=5, what="the death is seen")
    wait_until(lambda: running.state("postgres") is PartState.READY, deadline_s=10, what="it is settled after all")


def test_a_part_comes_after_another_once_and_then_does_without_it(
    supervise: Callable[..., Running], tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    running = supervise(
        ShellPart("registry", "exec sleep 100", tmp_path, ready=gate.exists),
        ShellPart("scorer", "exec sleep 100", tmp_path, after=("registry",), kind=PartKind.PROCESS),
    )
    wait_until(lambda: running.state("registry") is PartState.STARTING, deadline_s=5, what="the registry starts")
    assert not wait_for_ready(running, "scorer", seconds=0.5)
    gate.touch()
    assert running.up.wait(10)
    gate.unlink()
    os.kill(running.pid("registry"), signal.SIGKILL)
    wait_until(lambda: running.state("registry") is PartState.STARTING, deadline_s=5, what="the registry is away")
    os.kill(running.pid("scorer"), signal.SIGKILL)
    wait_until(lambda: running.state("scorer") is PartState.RESTARTING, deadline_s=5, what="the death is seen")
    assert wait_for_ready(running, "scorer", seconds=5)


def now() -> datetime:
    return datetime.now(UTC)


def test_a_part_is_stopped_and_started_by_people_and_no_death_brings_it_back(
    home: Home, supervise: Callable[..., Running], tmp_path: Path
) -> None:
    running = supervise(
        ShellPart("log", "exec sleep 100", tmp_path),
        ShellPart("scorer", "exec sleep 100", tmp_path, kind=PartKind.PROCESS),
    )
    assert running.up.wait(10)
    process = psutil.Process(running.pid("scorer"))
    write_rests(home.rests, ["scorer"])
    wait_until(lambda: running.state("scorer") is PartState.STOPPED, deadline_s=5, what="it rests")
    assert not process.is_running()
    assert running.state("log") is PartState.READY
    rests = running.supervisor.status.part("scorer")
    assert rests.cause == "stopped by `telltale stop scorer`; `telltale start scorer` starts it"
    assert rests.restarts == 0
    write_rests(home.rests, [])
    wait_until(lambda: running.state("scorer") is PartState.READY, deadline_s=5, what="it runs again")
    assert running.supervisor.status.part("scorer").cause is None


def test_what_was_stopped_in_an_earlier_run_is_wanted_again(
    home: Home, supervise: Callable[..., Running], tmp_path: Path
) -> None:
    write_rests(home.rests, ["log"])
    assert supervise(ShellPart("log", "exec sleep 100", tmp_path)).up.wait(10)


def test_the_cause_is_what_the_part_said_was_wrong_and_not_its_advice(
    supervise: Callable[..., Running], tmp_path: Path
) -> None:
    line = "echo 'the disk is full'; echo '  where  /data'; echo '  next   telltale status'; exit 3"
    running = supervise(ShellPart("scorer", line, tmp_path, kind=PartKind.PROCESS, ready=lambda: False))
    wait_until(lambda: running.supervisor.status.part("scorer").cause is not None, deadline_s=5, what="it ended")
    part = running.supervisor.status.part("scorer")
    assert part.cause == "ended with exit code 3: the disk is full"
    assert part.cause_at is not None
    assert standing_of(part, supervised=True, now=now()).cause == f"{part.cause_at:%H:%M:%S} UTC {part.cause}"


def test_the_cause_of_an_earlier_end_is_gone_once_the_part_has_run_steadily(
    supervise: Callable[..., Running], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.host.supervisor.keeper.STEADY_S", 0.2)
    running = supervise(ShellPart("log", "exec sleep 100", tmp_path))
    assert running.up.wait(10)
    os.kill(running.pid("log"), signal.SIGKILL)
    wait_until(lambda: running.supervisor.status.part("log").restarts == 1, deadline_s=5, what="the death is seen")
    wait_until(
        lambda: running.state("log") is PartState.READY and running.supervisor.status.part("log").cause is None,
        deadline_s=5,
        what="it runs steadily and nothing is told of before",
    )
