"""One part of a running stack is stopped and started by its name; the others go on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.cli.main import run
from infra.exit_codes import ExitCode
from infra.host.embedded.home import Home
from infra.host.supervisor.control import held
from infra.host.supervisor.state import PartKind, PartState
from tests.unit.infra.host.supervisor.running import Running, ShellPart


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """Return a supervisor over a log and two scorers."""
    home = Home(tmp_path)
    home.create()
    monkeypatch.setenv("TELLTALE_HOME", str(tmp_path))
    parts = [
        ShellPart(name, "exec sleep 100", tmp_path, kind=PartKind.PROCESS) for name in ("log", "scorer-0", "scorer-1")
    ]
    with held(home.lock):
        running = Running(home, *parts)
        assert running.up.wait(20)
        yield running
        running.stop()


def states(stack: Running) -> list[PartState]:
    return [stack.state(name) for name in ("log", "scorer-0", "scorer-1")]


def test_a_name_means_all_its_slots_and_a_slot_only_itself(stack: Running, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stop", "scorer"]) == ExitCode.YES
    assert states(stack) == [PartState.READY, PartState.STOPPED, PartState.STOPPED]
    assert "scorer-0, scorer-1 stopped; `telltale start scorer` starts it again" in capsys.readouterr().out
    assert run(["start", "scorer-1"]) == ExitCode.YES
    assert states(stack) == [PartState.READY, PartState.STOPPED, PartState.READY]


def test_a_part_that_is_not_there_is_told_with_those_that_are(
    stack: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["stop", "scorers"]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert "no part is called scorers" in said
    assert "log, scorer-0, scorer-1" in said
    assert states(stack) == [PartState.READY] * 3


def test_where_no_stack_runs_nothing_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TELLTALE_HOME", str(tmp_path))
    assert run(["stop", "scorer"]) == ExitCode.NOT_REACHABLE
    assert str(tmp_path) in capsys.readouterr().err
