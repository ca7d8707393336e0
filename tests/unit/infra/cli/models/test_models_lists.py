"""`telltale models diff` and `models list` as people read them: tables, links, exit codes."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.logged_models import LoggedModelEvent
from domain.positions import Position
from domain.promotion import ModelEvent
from domain.readings import SensorReadingRecorded
from infra.cli.main import run
from infra.exit_codes import ExitCode
from infra.wiring.container import Container
from tests.builders import NOON
from tests.comparisons import promoted, trained
from tests.fakes.comparison import judged_reading
from tests.unit.ml.comparison.desk import a_desk
from tests.wired import wired

SAME = [judged_reading(second) for second in range(200)]
NOISY = [
    *SAME,
    judged_reading(200, challenger=4.25, sensor_id="drive end"),
    *(judged_reading(second, challenger=2) for second in range(201, 240)),
    judged_reading(240, champion=3.5, machine_id="pump-02", label="bearing"),
]


@pytest.fixture
def over(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[SensorReadingRecorded]], Container]:
    """Return what makes the container that lets the command compare pump/1 and pump/2 over these readings."""
    monkeypatch.setenv("TELLTALE_DASHBOARD_URL", "http://127.0.0.1:8501/")

    def compares(readings: Sequence[SensorReadingRecorded]) -> Container:
        return wired(comparing=a_desk(readings))

    return compares


def test_a_challenger_inside_the_budgets_is_yes_and_names_the_promotion(
    over: Callable[[Sequence[SensorReadingRecorded]], Container], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", "diff", "pump/1", "pump/2"], over(SAME)) == ExitCode.YES
    said = capsys.readouterr().out
    assert "pump/1 × pump/2 on 200 readings of pump@1" in said
    assert "BROKEN" not in said
    assert "inside the budgets: telltale models promote pump/2" in said


def test_a_challenger_outside_the_budgets_is_no_and_each_flip_leads_to_its_sensor(
    over: Callable[[Sequence[SensorReadingRecorded]], Container], capsys: pytest.CaptureFixture[str]
) -> None:
    container = over(NOISY)
    assert run(["models", "diff", "pump/1", "pump/2"], container) == ExitCode.NO
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert any(line.startswith("all ") and line.split()[1:] == ["241", "200", "40", "1"] for line in lines)
    assert any("BROKEN" in line for line in lines)
    assert "it would be refused as champion" in said
    worst = lines[lines.index("worst gained:") + 1]
    assert "sensor-events/0/200  pump-01 · drive end  spike  0.10 → 4.25" in worst
    link = urlsplit(worst.split()[-1])
    assert (link.netloc, link.path) == ("127.0.0.1:8501", "/sensor")
    until = (NOON + timedelta(seconds=260)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert parse_qs(link.query) == {"machine": ["pump-01"], "sensor": ["drive end"], "until": [until]}
    assert "pump-02" in lines[lines.index("worst lost:") + 1]

    assert run(["models", "diff", "pump/1", "pump/2", "--json"], container) == ExitCode.NO
    told = json.loads(capsys.readouterr().out)
    assert (told["within_budgets"], told["appended"]) == (False, False), "the same comparison is written down once"


def test_versions_that_can_not_be_compared_are_refused(
    over: Callable[[Sequence[SensorReadingRecorded]], Container], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", "diff", "pump/1", "pump/9"], over(SAME)) == ExitCode.REFUSED
    assert "pump/9" in capsys.readouterr().err


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def holds(*events: ModelEvent) -> None:
        told = [
            LoggedModelEvent(event=event, position=Position("model-events", 0, offset), appended_at=NOON)
            for offset, event in enumerate(events)
        ]
        monkeypatch.setattr("infra.cli.models.commands.logged_model_events", lambda: told)

    return holds


def test_models_are_listed_with_their_champion(logged: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    logged(trained(1), trained(2), trained(1, name="fan"), promoted(2))
    assert run(["models", "list"]) == ExitCode.YES
    lines = capsys.readouterr().out.splitlines()
    champions = [line.split()[0] for line in lines if "champion" in line]
    assert champions == ["pump/2"]
    (fan,) = [line for line in lines if line.startswith("fan/1")]
    assert {"fan@1", "400", "0.600000"} <= set(fan.split())
    assert run(["models", "list", "--json"]) == ExitCode.YES
    told = json.loads(capsys.readouterr().out)
    assert {one["model"]: one["champion"] for one in told} == {"pump/1": False, "pump/2": True, "fan/1": False}


def test_without_a_model_the_list_says_how_to_train_one(
    logged: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    logged()
    assert run(["models", "list"]) == ExitCode.YES
    assert "telltale train PROFILE trains one" in capsys.readouterr().out
