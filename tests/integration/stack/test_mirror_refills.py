"""An MLflow whose tables and bucket were wiped shows every model again, from the log alone."""

import json
import os
import signal

import httpx
from obstore.store import S3Store
from psycopg import connect

from domain.models import ModelPromoted
from domain.positions import Position
from domain.promotion import ModelEvent
from infra.embedded.postgres import MLFLOW
from infra.mlflow.reconcile import ShownLine, reconcile
from infra.mlflow.run_content import MODEL_FILE, RunContents
from infra.mlflow.showcase import MlflowShowcase
from infra.model_lines import LoggedLine, LoggedModelEvent, fold
from ml.isolation_forest.trainer import IsolationForestTrainer
from ml.manifest import CodeIdentity
from ml.training.train import TrainingDesk
from tests.fake_models import FakeModelLog, FakeReadingLog, appended_at
from tests.stacks import StackOfTests, wait_until
from tests.unit.ml.rows import a_profile, healthy_values, training_rows


def a_log() -> tuple[FakeModelLog, LoggedLine]:
    """Return a log of models with pump/1 and pump/2, the first of them champion."""
    models = FakeModelLog()
    for seed in (1, 2):
        readings = FakeReadingLog(a_profile(), training_rows(healthy_values(seed=seed)))
        TrainingDesk(
            readings=readings, models=models, code=CodeIdentity(code_version="1", lock_sha256="", runtime={})
        ).train_profile("pump", trainer=IsolationForestTrainer(trees=5), on_progress=lambda _done, _total: None)
    champion = ModelPromoted(model=models.events[0].model, replaces=None, because="test", actor="ada", forced=False)
    happened: list[ModelEvent] = [*models.events, champion]
    events = [
        LoggedModelEvent(event=event, position=Position("model-events", 0, offset), appended_at=appended_at(offset))
        for offset, event in enumerate(happened)
    ]
    return models, fold({}, events)[0]["pump"]


def wipe(stack: StackOfTests) -> None:
    """Drop every table of MLflow and every object of its store, and let it start anew on nothing."""
    settings = stack.settings
    secrets = json.loads((stack.home / "secrets.json").read_text())
    postgres = stack.parts()["postgres"]["address"]
    with connect(f"postgresql://{MLFLOW}:{secrets[MLFLOW]}@{postgres}/{MLFLOW}") as database:
        tables = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert len(tables) > 10
        for (table,) in tables:
            database.execute(f'DROP TABLE "{table}" CASCADE'.encode())
    store = S3Store(
        settings.s3_bucket,
        endpoint=settings.s3_endpoint,
        access_key_id=settings.s3_access_key,
        secret_access_key=settings.s3_secret_key,
        region="us-east-1",
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )
    held = [one["path"] for page in store.list() for one in page]
    assert any(path.endswith("model.telltale") for path in held)
    store.delete(held)
    before = stack.parts()["mlflow"]["pid"]
    os.kill(before, signal.SIGKILL)
    wait_until(
        lambda: stack.parts()["mlflow"]["pid"] != before and stack.parts()["mlflow"]["state"] == "ready",
        deadline_s=180,
        what="MLflow starts anew",
    )


def told(line: ShownLine) -> dict[str, object]:
    """Return what is shown without the ids that MLflow makes up."""
    return {
        "runs": {
            model: [(run.parameters, run.metrics, run.sizes, run.finished) for run in runs]
            for model, runs in line.runs.items()
        },
        "versions": sorted((one.version, tuple(one.tags.items())) for one in line.versions),
        "champion": line.champion,
    }


def model_bytes(stack: StackOfTests, line: ShownLine, model: str) -> bytes:
    """Return a model's bytes as MLflow gives them out."""
    (run,) = line.runs[model]
    asked = {"run_uuid": run.run_id, "path": MODEL_FILE}
    return httpx.get(f"{stack.settings.mlflow_url}/get-artifact", params=asked).raise_for_status().content


def test_a_wiped_mlflow_and_bucket_are_filled_from_the_log_with_the_same(full_stack: StackOfTests) -> None:
    models, line = a_log()
    contents = RunContents(lambda digest: models.content(digest)[1])
    showcase = MlflowShowcase(full_stack.settings.mlflow_url)
    assert reconcile(line, showcase, contents)
    before = showcase.line("pump")
    assert before.champion == 1
    assert "score-distribution.png" in before.runs["pump/1"][0].sizes

    wipe(full_stack)
    assert showcase.line("pump") == ShownLine(runs={}, versions=(), champion=None)
    changes = reconcile(line, showcase, contents)

    assert changes == (
        "pump/1: run missing",
        "pump/2: run missing",
        "pump/1 registered",
        "pump/2 registered",
        "champion: nobody → 1",
    )
    after = showcase.line("pump")
    assert told(after) == told(before)
    for event in models.events:
        assert model_bytes(full_stack, after, str(event.model)) == models.content(event.model.artifact_sha256)[1]
    assert reconcile(line, showcase, contents) == ()
