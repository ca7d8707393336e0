"""Drift over read models in a real PostgreSQL: counted there, judged by the reference in the model's bytes."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from infra.host.embedded.postgres import PostgresService
from infra.kafka.models.population_shift import LoggedDriftMeter
from ml.artifact import FORMAT, Artifact, pack
from ml.detector import FloatArray, IntArray
from ml.population_shift.reference import with_reference
from ml.training.ports import ModelNotStored
from query_api.routes import drift
from tests.builders import NOON
from tests.integration.query_api.a_plant import FAULT, MODEL, SECONDS, TRAINED_FROM
from tests.integration.query_api.conftest import Plant, client_of

NAN = math.nan
CHANNELS = ["temperature", "pressure", "vibration"]


@dataclass
class FakeArtifacts:
    """Bytes of one model, or of none."""

    stored: bytes | None

    def content(self, artifact_sha256: str) -> tuple[str, bytes]:
        if self.stored is None or artifact_sha256 != MODEL.artifact_sha256:
            raise ModelNotStored(f"no chunk of {artifact_sha256}")
        return FORMAT, self.stored


def the_plant() -> tuple[FloatArray, FloatArray, IntArray]:
    """Return what a_plant holds, as training would have seen it: values, ratios, moments."""
    rows = [
        (
            (20 + second / 100, 101.3, 6.8 if machine == "hall-a" and second in FAULT else 2.1),
            NAN if second < TRAINED_FROM else 3.2 if machine == "hall-a" and second in FAULT else 0.5,
            second,
        )
        for machine in ("hall-a", "hall-b")
        for second in range(SECONDS)
    ]
    rows.append(((NAN, 99.0, NAN), NAN, 0))
    return (
        np.array([values for values, _, _ in rows]),
        np.array([[ratio] for _, ratio, _ in rows]),
        np.array([second * 1_000_000 for _, _, second in rows], np.int64),
    )


def shuffled() -> tuple[FloatArray, FloatArray, IntArray]:
    """Return the same rows at other moments: a training set whose minutes are alike, so that its band is narrow."""
    values, ratios, at_us = the_plant()
    return values, ratios, np.random.default_rng(1).permutation(at_us)


def an_artifact(values: FloatArray, ratios: FloatArray, at_us: IntArray) -> bytes:
    bare = Artifact(header={"detector": "isolation_forest", "channels": list(CHANNELS)}, arrays={})
    return pack(with_reference(bare, values=values, ratios=ratios, recorded_at_us=at_us))


@pytest.fixture
def artifacts() -> FakeArtifacts:
    return FakeArtifacts(an_artifact(*the_plant()))


@pytest.fixture
def measured(shared_plant: Plant, postgres: PostgresService, artifacts: FakeArtifacts) -> Iterator[TestClient]:
    with client_of(shared_plant, postgres, LoggedDriftMeter(lambda: artifacts)) as opened:
        yield opened


def asked(client: TestClient, **parameters: Any) -> Any:
    return client.get("/models/environment/drift", params={"window_s": SECONDS, **parameters}).json()


def test_a_stream_that_is_the_training_set_has_no_drift_in_any_channel_or_score(measured: TestClient) -> None:
    body = asked(measured)

    assert (body["model"], body["state"], body["readings"], body["sampled"]) == ("environment/1", "inside", 361, 361)
    assert [(one["name"], one["kind"], one["index"]) for one in body["signals"]] == [
        ("temperature", "channel", 0.0),
        ("pressure", "channel", 0.0),
        ("vibration", "channel", 0.0),
        ("isolation_forest", "score", 0.0),
    ]
    assert [one["readings"] for one in body["signals"]] == [361, 361, 361, 240]
    assert [sum(one["readings"] for one in part["signals"][:1]) for part in body["parts"]] == [61, 60, 60, 60, 60, 60]
    assert body["ends_at"].startswith("2026-03-09T12:02:59")


def test_what_moved_since_training_is_outside_and_named(measured: TestClient, artifacts: FakeArtifacts) -> None:
    values, ratios, at_us = shuffled()
    artifacts.stored = an_artifact(values - [5, 0, 0], ratios, at_us)

    body = asked(measured)

    assert body["state"] == "outside"
    assert [one["name"] for one in body["signals"] if one["outside"]] == ["temperature"]


def test_scores_of_another_level_are_outside(measured: TestClient, artifacts: FakeArtifacts) -> None:
    values, ratios, at_us = shuffled()
    artifacts.stored = an_artifact(values, ratios + np.linspace(1, 2, len(ratios))[:, np.newaxis], at_us)

    assert [one["name"] for one in asked(measured)["signals"] if one["outside"]] == ["isolation_forest"]


def test_of_many_readings_a_sample_is_counted(measured: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "MOST_READINGS", 180)

    body = asked(measured)

    assert body["readings"] == 361
    assert 100 < body["sampled"] < 260
    assert body["state"] == "inside"


def test_the_window_is_of_what_was_known_then(measured: TestClient) -> None:
    body = asked(measured, as_of=(NOON + timedelta(seconds=100)).isoformat(), window_s=60)

    assert body["ends_at"].startswith("2026-03-09T12:01:39")
    assert body["readings"] == 120
    early = measured.get("/models/environment/drift", params={"as_of": NOON.isoformat()})
    assert early.status_code == 404
    assert "has no champion" in early.json()["detail"]


def test_a_model_without_reference_is_unknown_with_the_reason(measured: TestClient, artifacts: FakeArtifacts) -> None:
    artifacts.stored = pack(Artifact(header={"channels": list(CHANNELS)}, arrays={}))

    body = asked(measured)

    assert (body["state"], body["signals"]) == ("unknown", [])
    assert "kept no reference" in body["because"]


def test_a_log_without_the_bytes_is_503(measured: TestClient, artifacts: FakeArtifacts) -> None:
    artifacts.stored = None

    answer = measured.get("/models/environment/drift")

    assert answer.status_code == 503
    assert "not to be had" in answer.json()["detail"]
