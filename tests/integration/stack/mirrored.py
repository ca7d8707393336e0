"""What MLflow shows of the log's models, and an MLflow that lost everything."""

import json
import os
import random
import signal
from typing import Any

import httpx
from psycopg import connect

from domain.anomalies import AnomalyDetected
from domain.models import ModelRef
from domain.topics import ANOMALY_EVENTS, PROFILE_EVENTS
from infra.host.embedded.postgres import MLFLOW
from infra.mlflow.reconcile import ShownLine
from infra.mlflow.run_content import MODEL_FILE
from infra.mlflow.showcase import MlflowShowcase
from tests.builders import a_profile
from tests.guarantees.plant import CHANNELS, Plant, ended, promote, train
from tests.integration.stack.kept import bucket
from tests.stacks import StackOfTests, wait_until


def pumps_with_two_models(stack: StackOfTests) -> tuple[Plant, tuple[ModelRef, ModelRef]]:
    """Put pumps, pump/1, champion, and pump/2 into the log."""
    plant = Plant(stack)
    plant.append(PROFILE_EVENTS, "pump", a_profile("pump", channels=CHANNELS))
    plant.flow(5_000, random.Random(1), faults=0)
    models = train(plant), train(plant)
    promote(plant, models[0])
    return plant, models


def a_verdict_of_today(plant: Plant) -> AnomalyDetected:
    """Let a scorer judge new readings, and return one of its verdicts."""
    plant.flow(1_200, random.Random(2), faults=0.05)
    scorer = plant.telltale("scorer")
    try:
        plant.must_be_scored_exactly_once()
    finally:
        ended(scorer, by=signal.SIGTERM)
    return next(event for _, event in plant.events(ANOMALY_EVENTS) if isinstance(event, AnomalyDetected))


def published(stack: StackOfTests, *words: str) -> tuple[int, list[str]]:
    """Return the exit code of `models publish` and what it says differed in MLflow."""
    done = stack.run("models", "publish", "--json", *words)
    told: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, [difference for line in told["lines"] for difference in line["differences"]]


def shown(stack: StackOfTests) -> ShownLine:
    """Return what MLflow shows of the pumps' models."""
    return MlflowShowcase(stack.settings.mlflow_url).line("pump")


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
    store = bucket(settings)
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


def content(line: ShownLine) -> dict[str, object]:
    """Return what is shown without the ids that MLflow makes up."""
    return {
        "runs": {
            model: [(run.parameters, run.metrics, run.sizes, run.finished) for run in runs]
            for model, runs in line.runs.items()
        },
        "versions": sorted((one.version, tuple(one.tags.items())) for one in line.versions),
        "champion": line.champion,
    }


def model_bytes(stack: StackOfTests, model: ModelRef) -> bytes:
    """Return a model's bytes as MLflow gives them out."""
    (run,) = shown(stack).runs[str(model)]
    asked = {"run_uuid": run.run_id, "path": MODEL_FILE}
    return httpx.get(f"{stack.settings.mlflow_url}/get-artifact", params=asked).raise_for_status().content
