"""What a version's run in MLflow consists of, made from the log alone."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from domain.logged_models import LoggedVersion
from domain.positions import Position
from infra.mlflow.score_plot import score_plot
from ml.artifact import NotAnArtifact, unpack
from ml.training.histogram import histogram_of

MODEL_FOLDER: Final = "model"
MODEL_FILE: Final = f"{MODEL_FOLDER}/model.telltale"
MODEL_TAG: Final = "telltale.model"

_KEPT: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutline:
    """A run as it can be compared with what MLflow has; `sizes` are its files' bytes."""

    name: str
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    sizes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContent:
    """A run: everything MLflow is given."""

    name: str
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    files: Mapping[str, bytes]
    at_ms: int

    @property
    def outline(self) -> RunOutline:
        """Return the run without its files' bytes."""
        return RunOutline(
            name=self.name,
            parameters=self.parameters,
            metrics=self.metrics,
            tags=self.tags,
            sizes={path: len(content) for path, content in self.files.items()},
        )


class RunContents:
    """Makes the runs of versions, each once: a version never changes, and its picture takes a third of a second.

    Of runs made long ago only the outline is kept.
    """

    def __init__(self, content_of: Callable[[str], bytes]) -> None:
        self._content_of: Final = content_of
        self._outlines: Final[dict[Position, RunOutline]] = {}
        self._recent: Final[dict[Position, RunContent]] = {}

    def outline(self, version: LoggedVersion) -> "RunOutline":
        """Return what the run of `version` looks like from outside."""
        if version.position not in self._outlines:
            self._outlines[version.position] = self.content(version).outline
        return self._outlines[version.position]

    def content(self, version: LoggedVersion) -> RunContent:
        """Return the run of `version` whole."""
        if version.position not in self._recent:
            if len(self._recent) == _KEPT:
                self._recent.pop(next(iter(self._recent)))
            made = run_content(version, self._content_of(version.event.model.artifact_sha256))
            self._recent[version.position] = made
        return self._recent[version.position]


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
        metrics={_metric_name(name): value for name, value in event.metrics.items()},
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


def _metric_name(name: str) -> str:
    """Return the name as MLflow allows it: a metric may be named for a channel, and a channel as people like."""
    return re.sub(r"[^/\w.\- :]", "_", name)


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
