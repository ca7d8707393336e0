"""`telltale models drift` over an API that answers: words, JSON and exit codes."""

import json
from collections.abc import Iterator

import pytest

from infra.cli.main import run
from infra.exit_codes import ExitCode
from tests.integration.dashboard.fake_api import Plant, Scenario, serving


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    made = Plant()
    with serving(made) as url:
        monkeypatch.setenv("TELLTALE_API_URL", url)
        yield made


@pytest.mark.usefixtures("plant")
def test_a_stream_as_in_training_is_yes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "drift", "pump", "--window", "2h"]) == ExitCode.YES
    said = capsys.readouterr().out
    assert "28,800 readings" in said
    assert "as in training" in said


@pytest.mark.usefixtures("plant")
def test_a_signal_outside_is_no_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "drift", "fan"]) == ExitCode.NO
    assert "vibration: not as in training" in capsys.readouterr().out
    assert run(["models", "drift", "fan", "--json"]) == ExitCode.NO
    signals = json.loads(capsys.readouterr().out)["signals"]
    assert [one["name"] for one in signals if one["outside"]] == ["vibration"]


@pytest.mark.usefixtures("plant")
def test_a_model_without_reference_is_refused_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "drift", "environment"]) == ExitCode.REFUSED
    assert "kept no reference" in capsys.readouterr().out


def test_an_api_that_is_away_is_not_reachable(plant: Plant, capsys: pytest.CaptureFixture[str]) -> None:
    plant.scenario = Scenario.DOWN
    assert run(["models", "drift", "pump"]) == ExitCode.NOT_REACHABLE
    assert "PostgreSQL does not answer" in capsys.readouterr().err
