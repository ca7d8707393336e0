import io
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException

from infra.cli import main
from infra.cli.output import CommandFailed, print_failure, print_json, print_table, times
from infra.exit_codes import ExitCode
from infra.settings import SettingMissing, Settings, home_folder

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


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("statsu", "Did you mean status or start?"),
        ("ingets", "Did you mean ingest"),
        ("xyz", "`telltale --help` lists"),
    ],
)
def test_a_mistyped_command_is_told_what_may_be_meant(
    capsys: pytest.CaptureFixture[str], word: str, meant: str
) -> None:
    assert main.run([word]) == ExitCode.USAGE
    assert meant in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "rest", "home"),
    [
        (["status"], ["status"], None),
        (["--home", "a", "status"], ["status"], "a"),
        (["status", "--home=b c", "--json"], ["status", "--json"], "b c"),
        (["log", "t", "--", "--home", "a"], ["log", "t", "--", "--home", "a"], None),
    ],
)
def test_a_home_is_named_before_or_behind_the_command(words: list[str], rest: list[str], home: str | None) -> None:
    assert main.without_home(words) == (rest, home)


def test_a_command_looks_into_the_home_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TELLTALE_HOME", "elsewhere")
    assert main.run(["--home", str(tmp_path), "status"]) == ExitCode.NO
    assert str(tmp_path) in capsys.readouterr().err


def test_a_home_is_found_from_the_folders_below_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TELLTALE_HOME", raising=False)
    below = tmp_path / "site" / "hall"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert home_folder() == below / ".telltale"
    (tmp_path / "site" / ".telltale").mkdir()
    (tmp_path / "site" / ".telltale" / "ports.json").write_text("{}")
    assert home_folder() == tmp_path / "site" / ".telltale"


def test_a_missing_setting_names_the_home_that_was_looked_in(tmp_path: Path) -> None:
    with pytest.raises(SettingMissing, match=rf"Looked in the home {tmp_path}; --home names another"):
        Settings(home=tmp_path).kafka_bootstrap.strip()


def test_errors_of_libraries_are_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    print_failure(CommandFailed("it does not answer: [Errno 111] Connection refused"))
    print_failure(CommandFailed(str(KafkaException(KafkaError(KafkaError._ALL_BROKERS_DOWN)))))
    said = capsys.readouterr().err
    assert said.splitlines() == ["it does not answer: Connection refused", "All broker connections are down"]


def test_a_service_that_goes_away_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Failing:
        def main(self, *_words: object, **_options: object) -> None:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))

    monkeypatch.setattr(main, "application", Failing)
    assert main.run([]) == ExitCode.NOT_REACHABLE
    said = capsys.readouterr().err
    assert "Broker transport failure" in said
    assert "telltale up" in said


def test_one_wide_cell_does_not_push_the_other_lines_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("profile", "channels", "interval"), [("wide@1", "x" * 13_000, "1 s"), ("pump@1", "speed", "1 s")])
    heading, wide, narrow = capsys.readouterr().out.splitlines()
    assert len(wide) > 13_000
    assert (heading, narrow) == ("profile  channels  interval", "pump@1   speed     1 s")


def test_a_score_beyond_all_measure_is_said_as_such() -> None:
    assert [times(score) for score in (1.5, 999.994, 139_109_592.0)] == ["1.50", "999.99", "> 1,000"]


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
