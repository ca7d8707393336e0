import json
from pathlib import Path

import pytest

from infra.cli.main import run
from infra.exit_codes import ExitCode
from schemas.catalogue import catalogue
from schemas.history import SchemaHistory


@pytest.fixture(autouse=True)
def nothing_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test an empty home and no addresses."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELLTALE_HOME", str(tmp_path / "home"))
    for name in ("KAFKA_BOOTSTRAP", "REGISTRY_URL"):
        monkeypatch.delenv(f"TELLTALE_{name}", raising=False)


def test_check_says_yes_to_todays_schemas_with_nothing_running(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["contracts", "check", "--json"]) == ExitCode.YES
    assert {event["event"] for event in json.loads(capsys.readouterr().out)} == set(catalogue())


@pytest.mark.parametrize("command", ["publish", "list", "prove"])
def test_without_a_stack_the_answer_is_not_reachable_and_names_the_way_out(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["contracts", command]) == ExitCode.NOT_REACHABLE
    assert "telltale up" in capsys.readouterr().err


def test_freeze_keeps_todays_schemas_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "published"
    assert run(["contracts", "freeze", "--folder", str(kept), "--json"]) == ExitCode.YES
    assert len(json.loads(capsys.readouterr().out)) == len(catalogue())
    assert run(["contracts", "freeze", "--folder", str(kept), "--json"]) == ExitCode.YES
    assert json.loads(capsys.readouterr().out) == []
    assert set(SchemaHistory(kept).events()) == set(catalogue())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "no topic is called nowhere"),
        (["skips/0/last"], "is not a position"),
        (["skips/7/0"], "skips has partitions 0 to 0"),
        (["skips", "--at", "yesterday"], "is no moment"),
    ],
)
def test_log_says_what_it_can_not_look_at(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELLTALE_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    assert run(["log", *words]) == ExitCode.USAGE
    assert said in capsys.readouterr().err
