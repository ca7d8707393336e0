"""`telltale ingest csv --dry-run`: judged by the profile that the log has, and told when no log answers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dependency_injector import providers

from domain.profiles import ProfileDefined
from infra.cli.main import run
from infra.exit_codes import ExitCode
from infra.kafka.client.clients import LogNotReachable
from infra.wiring.container import Container
from tests.builders import a_profile
from tests.fakes.intake import FakeProfileLog
from tests.wired import wired

PUMP = a_profile("pump", 2, channels=("speed", "vibration"), minimum=0, maximum=100)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file whose second row is beyond what PUMP finds plausible; nothing runs, and no address is told."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELLTALE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TELLTALE_KAFKA_BOOTSTRAP", raising=False)
    path = tmp_path / "pump-07.csv"
    path.write_text("time,speed,vibration\n1773050401,80,2.5\n1773050402,180,2.6\n1773050403,82,2.4\n")
    return path


@pytest.fixture
def log_with(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Container]:
    def holds(*profiles: ProfileDefined) -> Container:
        monkeypatch.setattr("infra.cli.ingest.profile.log_answers", lambda _: True)
        return wired(profile_log=FakeProfileLog(*profiles))

    return holds


def dry(file: Path, *words: str, profile: str = "pump", over: Container | None = None) -> int:
    return run(["ingest", "csv", str(file), "--time", "time", "--profile", profile, "--dry-run", *words], over)


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_cell_is_refused_by_the_profile_that_the_log_has_and_its_row_keeps_the_others(
    file: Path, log_with: Callable[..., Container], capsys: pytest.CaptureFixture[str]
) -> None:
    over = log_with(a_profile("pump", 1), PUMP)
    assert dry(file, "--json", over=over) == ExitCode.NO
    found = told(capsys)
    assert (found["profile"], found["profile_checked"], found["readings"]) == ("pump@2", True, 3)
    assert [(row["line"], row["column"]) for row in found["refused"]] == [(3, "speed")]


def test_a_column_that_the_profile_does_not_have_is_left_out_in_the_command_that_is_printed(
    file: Path, log_with: Callable[..., Container], capsys: pytest.CaptureFixture[str]
) -> None:
    assert dry(file, over=log_with(a_profile("pump", channels=("speed", "flow")))) == ExitCode.YES
    assert "--profile pump --ignore vibration" in capsys.readouterr().out


def test_a_new_name_would_be_defined_and_a_version_that_is_not_there_is_refused(
    file: Path, log_with: Callable[..., Container], capsys: pytest.CaptureFixture[str]
) -> None:
    over = log_with()
    assert dry(file, over=over) == ExitCode.YES
    assert "pump is new: the header would define it" in capsys.readouterr().out
    assert dry(file, profile="pump@7", over=over) == ExitCode.REFUSED
    assert "profile pump@7 is not defined" in capsys.readouterr().err


def test_where_no_log_answers_the_file_is_told_and_that_the_profile_was_not_asked(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dry(file) == ExitCode.YES
    assert "not checked against the profile: no log answers" in capsys.readouterr().out
    assert dry(file, "--json") == ExitCode.YES
    found = told(capsys)
    assert (found["profile"], found["profile_checked"], found["readings"]) == (None, False, 3)

    def away() -> None:
        raise LogNotReachable("127.0.0.1:1", "refused")

    monkeypatch.setattr("infra.cli.ingest.profile.log_answers", lambda _: True)
    container = Container()
    container.profile_log.override(providers.Callable(away))
    assert dry(file, over=container) == ExitCode.YES
    assert "not checked against the profile: Kafka at 127.0.0.1:1" in capsys.readouterr().out
