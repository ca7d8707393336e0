"""`telltale status` says yes only while every part works and what arrives is judged."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from domain.judging import Judging, JudgingState
from infra.cli.main import run
from infra.exit_codes import ExitCode
from infra.host.embedded.home import Home
from infra.host.supervisor.child import Identity
from infra.host.supervisor.control import held
from infra.host.supervisor.state import PartKind, PartState, PartStatus, StatusFile
from infra.kafka.client.clients import LogNotReachable
from infra.settings import Settings
from tests.fakes.outlook import ALL_JUDGED
from tests.wired import wired

ME = Identity(os.getpid(), psutil.Process().create_time())
STANDS = Judging(state=JudgingState.NOT_JUDGED, unjudged=40, oldest_s=25.0, cause="nobody judges", partitions=())


@dataclass
class FakeLook:
    """An answer; away when there is none."""

    answer: Judging | None

    def look(self) -> Judging:
        if self.answer is None:
            raise LogNotReachable("127.0.0.1:9", "refused")
        return self.answer


Told = Callable[..., tuple[int, dict[str, dict[str, Any]]]]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Told]:
    """Return what `status --json` ends with and says, by part, over parts that a living supervisor keeps."""
    home = Home(tmp_path)
    home.create()
    monkeypatch.setenv("TELLTALE_HOME", str(tmp_path))

    def ask(judging: Judging | None, *names: str, **changes: object) -> tuple[int, dict[str, dict[str, Any]]]:
        plain = {
            name: PartStatus(
                name=name,
                kind=PartKind.PROCESS,
                address="",
                state=PartState.READY,
                since=datetime.now(UTC),
                process=ME,
            )
            for name in names
        }
        if changes:
            plain["scorer"] = replace(plain["scorer"], **changes)  # type: ignore[arg-type]
        parts = tuple(plain.values())
        StatusFile(home.state, supervisor=ME, parts=parts)
        settings = Settings(home=tmp_path, kafka_bootstrap="127.0.0.1:9")
        code = run(["status", "--json"], wired(settings=settings, judging_look=FakeLook(judging)))
        return code, {part["name"]: part for part in json.loads(capsys.readouterr().out)}

    with held(home.lock):
        yield ask


def test_it_is_yes_while_everything_works(told: Told) -> None:
    code, parts = told(ALL_JUDGED, "kafka", "scorer")
    assert (code, parts["scorer"]["state"], parts["scorer"]["trouble"]) == (ExitCode.YES, "ready", None)


def test_it_is_no_while_readings_are_not_judged_though_every_part_says_that_it_is_ready(told: Told) -> None:
    code, parts = told(STANDS, "kafka", "scorer")
    assert (code, parts["scorer"]["state"]) == (ExitCode.NO, "ready")
    assert [parts["scorer"][name] for name in ("lag_offsets", "lag_seconds", "trouble")] == [40, 25.0, "nobody judges"]


def test_it_is_no_while_nobody_can_say_whether_readings_are_judged(told: Told) -> None:
    code, parts = told(None, "kafka", "scorer")
    assert code == ExitCode.NO
    assert "nobody can say whether readings are judged" in parts["scorer"]["trouble"]


def test_readings_that_wait_are_told_where_this_stack_has_no_scorer(told: Told) -> None:
    code, parts = told(STANDS, "kafka")
    assert (code, parts["readings"]["cause"]) == (ExitCode.NO, "nobody judges")
    code, parts = told(ALL_JUDGED, "kafka")
    assert (code, set(parts)) == (ExitCode.YES, {"kafka"})


def test_a_part_whose_process_is_gone_is_no_and_shows_no_pid(told: Told) -> None:
    gone = Identity(os.getpid(), ME.started_at - 1000)
    code, parts = told(ALL_JUDGED, "kafka", "scorer", process=gone)
    assert (code, parts["scorer"]["state"], parts["scorer"]["pid"]) == (ExitCode.NO, "stopped", None)


def test_a_cause_is_dated_whole_and_only_that_of_now(told: Told) -> None:
    long = "ended with exit code 3: " + "x" * 400
    at = datetime(2026, 3, 9, 12, 0, 1, tzinfo=UTC)
    _, parts = told(ALL_JUDGED, "kafka", "scorer", state=PartState.RESTARTING, cause=long, cause_at=at)
    assert parts["scorer"]["cause"] == f"2026-03-09 12:00:01 UTC {long}"
    _, parts = told(ALL_JUDGED, "kafka", "scorer", cause=long, cause_at=at)
    assert parts["scorer"]["cause"] is None
