"""What a version's run in MLflow consists of, made from the log alone."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from infra.mlflow.score_plot import score_plot
from infra.model_lines import LoggedVersion
from ml.artifact import NotAnArtifact, unpack
from ml.training.histogram import histogram_of

MODEL_FOLDER: Final = "model"
MODEL_FILE: Final = f"{MODEL_FOLDER}/model.telltale"
MODEL_TAG: Final = "telltale.model"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContent:
    """A run: everything MLflow is given, so that what it has can be compared with it."""

    name: str
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    files: Mapping[str, bytes]
    at_ms: int


def run_content(version: LoggedVersion, content: bytes) -> RunContent:
    """Return the run of a version whose artifact is `content`."""
    event = version.event
    files = {
        MODEL_FILE: content,
        "manifest.json": json.dumps(json.loads(event.manifest), indent=2, sort_keys=True).encode(),
        **_plots(version, content),
    }
    return RunContent(
        name=str(event.model),
        parameters={**event.parameters, "profile": event.model.profile, "detectors": ", ".join(event.detectors)},
        metrics=event.metrics,
        tags={
            MODEL_TAG: str(event.model),
            "telltale.position": str(version.position),
            "telltale.artifact_sha256": event.model.artifact_sha256,
            "telltale.manifest_sha256": event.manifest_sha256,
            "telltale.files_sha256": _digest(files),
        },
        files=files,
        at_ms=int(version.appended_at.timestamp() * 1000),
    )


def _digest(files: Mapping[str, bytes]) -> str:
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    return hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()


def _plots(version: LoggedVersion, content: bytes) -> Mapping[str, bytes]:
    try:
        counts = histogram_of(unpack(content))
    except NotAnArtifact:
        return {}
    if counts is None:
        return {}
    return {"score-distribution.png": score_plot(str(version.event.model), version.event.detectors, counts)}
