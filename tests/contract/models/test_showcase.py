"""What every ModelShowcase promises the mirror, in memory and over MLflow's own store."""

from pathlib import Path

import pytest

from infra.mlflow.reconcile import ModelShowcase, ShownLine
from infra.mlflow.run_content import MODEL_FILE, MODEL_TAG, RunContent
from tests.fakes.models import FakeShowcase

# MLflow's own store uses what its database library has deprecated, and leaves connections to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::FutureWarning"
)


@pytest.fixture(scope="module")
def mlflow_store(tmp_path_factory: pytest.TempPathFactory) -> ModelShowcase:
    """Return a show-case over MLflow's client and a store of its own; a server in between would change nothing."""
    from infra.mlflow.showcase import MlflowShowcase  # noqa: PLC0415 - MLflow takes seconds to import

    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        patch.chdir(folder)
        return MlflowShowcase(f"sqlite:///{folder}/mlflow.db")


@pytest.fixture(params=["fake", "mlflow"])
def showcase(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelShowcase:
    monkeypatch.chdir(tmp_path)  # where a store without a server puts its files
    monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    if request.param == "fake":
        return FakeShowcase()
    store: ModelShowcase = request.getfixturevalue("mlflow_store")
    return store


def a_run(model: str = "pump/1") -> RunContent:
    return RunContent(
        name=model,
        parameters={"trees": "100", "rule": "quantile 0.995"},
        metrics={"threshold": 0.1 + 0.2, "rows": 400.0},
        tags={MODEL_TAG: model, "telltale.position": "model-events/0/1"},
        files={MODEL_FILE: b"numbers", "manifest.json": b"{}"},
        at_ms=1_770_000_000_000,
    )


def test_nothing_is_shown_of_a_line_that_was_never_mentioned(showcase: ModelShowcase) -> None:
    assert showcase.line("nothing") == ShownLine(runs={}, versions=(), champion=None)


def test_a_run_is_shown_as_it_was_given(showcase: ModelShowcase) -> None:
    run_id = showcase.add_run("whole", a_run())

    (run,) = showcase.line("whole").runs["pump/1"]
    outline = a_run().outline
    assert (run.run_id, run.finished) == (run_id, True)
    assert (run.parameters, run.metrics, run.sizes) == (outline.parameters, outline.metrics, outline.sizes)
    assert {name: run.tags[name] for name in outline.tags} == outline.tags


def test_a_removed_run_is_shown_no_more(showcase: ModelShowcase) -> None:
    kept, removed = showcase.add_run("removed", a_run()), showcase.add_run("removed", a_run("pump/2"))

    showcase.remove_run(removed)

    assert [run.run_id for runs in showcase.line("removed").runs.values() for run in runs] == [kept]


def test_versions_count_from_one_again_once_forgotten(showcase: ModelShowcase) -> None:
    runs = [showcase.add_run("counted", a_run(f"pump/{number}")) for number in (1, 2)]
    assert [showcase.add_version("counted", run_id, {"sha": "ab"}) for run_id in runs] == [1, 2]

    showcase.forget_versions("counted")

    assert showcase.line("counted").versions == ()
    assert showcase.add_version("counted", runs[1], {"sha": "ab"}) == 1
    (version,) = showcase.line("counted").versions
    assert (version.version, version.run_id, dict(version.tags)) == (1, runs[1], {"sha": "ab"})


def test_the_champion_moves_and_can_be_nobody(showcase: ModelShowcase) -> None:
    run_id = showcase.add_run("crowned", a_run())
    for _ in range(2):
        showcase.add_version("crowned", run_id, {})

    seen = []
    for champion in (1, 2, None):
        showcase.set_champion("crowned", champion)
        seen.append(showcase.line("crowned").champion)

    assert seen == [1, 2, None]


def test_a_line_may_have_any_name_a_profile_may_have(showcase: ModelShowcase) -> None:
    line = "kreisel: pumpe 'süd'"
    showcase.add_version(line, showcase.add_run(line, a_run()), {})

    assert len(showcase.line(line).versions) == 1
