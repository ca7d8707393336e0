import io
import subprocess
import sys
from pathlib import Path

import pytest

from infra.cli import main
from infra.cli.output import CommandFailed, print_json
from infra.exit_codes import ExitCode
from infra.settings import SettingMissing

PROJECT = Path(__file__).parents[4]


def telltale(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from infra.cli.main import main; main()", *words],
        check=False,
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env={"TELLTALE_HOME": str(home), "PATH": "/usr/bin:/bin"},
    )


def test_help_names_the_commands_and_imports_none_of_them() -> None:
    asks = (
        "import sys; from infra.cli.main import run; run(['--help']); "
        "print([m for m in ('pydantic', 'confluent_kafka', 'pyarrow', 'infra.cli.stack.commands') if m in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", asks], check=True, capture_output=True, text=True, cwd=PROJECT
    ).stdout.splitlines()
    assert any("status" in line for line in said)
    assert said[-1] == "[]"


def test_every_command_of_the_stack_has_help_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("up", "down", "reset", "status", "doctor", "version"):
        assert main.run([name, "--help"]) == ExitCode.YES
        assert f"Example: telltale {name}" in capsys.readouterr().out


def test_an_unknown_command_is_a_usage_error(tmp_path: Path) -> None:
    said = telltale("upp", home=tmp_path)
    assert said.returncode == ExitCode.USAGE
    assert "No such command" in said.stderr


def test_status_where_nothing_was_started_says_what_to_do(tmp_path: Path) -> None:
    said = telltale("status", home=tmp_path)
    assert said.returncode == ExitCode.NO
    assert said.stderr.split() == [
        "nothing",
        "was",
        "started",
        "here",
        "where",
        str(tmp_path),
        "next",
        "telltale",
        "up",
    ]


def test_reset_asks_and_no_removes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "home" / "kafka" / "00000.log"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"readings")
    monkeypatch.setenv("TELLTALE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert main.run(["reset"]) == ExitCode.NO
    said = capsys.readouterr().out
    assert f"Throw away the log and everything else in {tmp_path / 'home'}?" in said
    assert "nothing was thrown away" in said
    assert kept.read_bytes() == b"readings"
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert main.run(["reset"]) == ExitCode.YES
    assert not kept.exists()


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (CommandFailed("differs"), ExitCode.NO),
        (CommandFailed("a rule says no", code=ExitCode.REFUSED), ExitCode.REFUSED),
        (SettingMissing("kafka_bootstrap"), ExitCode.NOT_REACHABLE),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
    ],
)
def test_how_a_command_ends_is_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, failure: BaseException, code: ExitCode
) -> None:
    class Failing:
        def main(self, *_words: object, **_options: object) -> None:
            raise failure

    monkeypatch.setattr(main, "application", Failing)
    assert main.run([]) == code


def test_json_holds_dataclasses_times_and_paths(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"path": Path("/x"), "names": ("a", "b")})
    assert capsys.readouterr().out == '{\n  "path": "/x",\n  "names": [\n    "a",\n    "b"\n  ]\n}\n'
