"""The ModelShowcase over an MLflow server: an experiment and a registered model per line, a run per version."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import quote

import requests
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunStatus, ViewType
from mlflow.exceptions import MlflowException

from infra.mlflow.reconcile import CHAMPION, ShowcaseNotReachable, ShowcaseRefused, ShownLine, ShownRun, ShownVersion
from infra.mlflow.run_content import MODEL_FOLDER, MODEL_TAG, RunContent

EXPERIMENT_PREFIX: Final = "telltale/"

_UNAVAILABLE: Final = frozenset({"INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED"})
"""Error codes under which MLflow also reports that it, or what is behind it, does not answer."""


class MlflowShowcase:
    """Shows models on one MLflow server; files go through its proxy into its store."""

    def __init__(self, url: str) -> None:
        self._client: Final[Any] = MlflowClient(tracking_uri=url, registry_uri=url)
        self._url: Final = url

    def line(self, name: str) -> ShownLine:
        """Return what is shown of a line."""
        with self._reachable():
            runs: dict[str, list[ShownRun]] = {}
            for run in self._runs(name):
                runs.setdefault(run.data.tags.get(MODEL_TAG, run.info.run_name), []).append(self._shown(run))
            model = self._registered(name)
            versions = [] if model is None else self._client.search_model_versions(f"name='{registered_name(name)}'")
            return ShownLine(
                runs={model: tuple(reversed(found)) for model, found in runs.items()},
                versions=tuple(
                    ShownVersion(version=int(one.version), run_id=one.run_id, tags=dict(one.tags)) for one in versions
                ),
                champion=int(model.aliases[CHAMPION]) if model is not None and CHAMPION in model.aliases else None,
            )

    def add_run(self, line: str, content: RunContent) -> str:
        """Write a run whole and return its id; it counts as finished only once everything is in it."""
        with self._reachable():
            run_id: str = self._client.create_run(
                self._experiment(line),
                start_time=content.at_ms,
                run_name=content.name,
                tags=dict(content.tags),
            ).info.run_id
            self._client.log_batch(
                run_id,
                metrics=[Metric(name, value, content.at_ms, 0) for name, value in content.metrics.items()],
                params=[Param(name, value) for name, value in content.parameters.items()],
            )
            with tempfile.TemporaryDirectory() as folder:
                for path, file in content.files.items():
                    self._upload(run_id, Path(folder), PurePosixPath(path), file)
            self._client.set_terminated(run_id, RunStatus.to_string(RunStatus.FINISHED), end_time=content.at_ms)
            return run_id

    def remove_run(self, run_id: str) -> None:
        """Take a run away."""
        with self._reachable():
            self._client.delete_run(run_id)

    def add_version(self, line: str, run_id: str, tags: Mapping[str, str]) -> int:
        """Register the run's model as the line's next version and return its number."""
        with self._reachable():
            if self._registered(line) is None:
                self._client.create_registered_model(registered_name(line))
            source = f"{self._client.get_run(run_id).info.artifact_uri}/{MODEL_FOLDER}"
            version = self._client.create_model_version(
                registered_name(line), source, run_id=run_id, tags=dict(tags), await_creation_for=0
            )
            return int(version.version)

    def forget_versions(self, line: str) -> None:
        """Take all registered versions of a line away, so that numbering starts at 1."""
        with self._reachable():
            self._client.delete_registered_model(registered_name(line))

    def set_champion(self, line: str, version: int | None) -> None:
        """Move the alias, or take it away."""
        with self._reachable():
            if version is None:
                self._client.delete_registered_model_alias(registered_name(line), CHAMPION)
            else:
                self._client.set_registered_model_alias(registered_name(line), CHAMPION, str(version))

    def _runs(self, line: str) -> Iterator[Any]:
        experiment = self._client.get_experiment_by_name(EXPERIMENT_PREFIX + line)
        if experiment is None:
            return
        self._bring_back(experiment)
        token = None
        while True:
            page = self._client.search_runs(
                [experiment.experiment_id], run_view_type=ViewType.ACTIVE_ONLY, max_results=1000, page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return

    def _shown(self, run: Any) -> ShownRun:
        return ShownRun(
            run_id=run.info.run_id,
            finished=run.info.status == RunStatus.to_string(RunStatus.FINISHED),
            parameters=dict(run.data.params),
            metrics=dict(run.data.metrics),
            tags=dict(run.data.tags),
            sizes=dict(self._files(run.info.run_id)),
        )

    def _files(self, run_id: str, folder: str | None = None) -> Iterator[tuple[str, int]]:
        for file in self._client.list_artifacts(run_id, folder):
            if file.is_dir:
                yield from self._files(run_id, file.path)
            else:
                yield file.path, int(file.file_size or 0)

    def _upload(self, run_id: str, folder: Path, path: PurePosixPath, content: bytes) -> None:
        local = folder / path.name
        local.write_bytes(content)
        parent = str(path.parent)
        self._client.log_artifact(run_id, str(local), None if parent == "." else parent)

    def _experiment(self, line: str) -> str:
        """Return the id of the line's experiment, which is made or brought back where it is missing."""
        name = EXPERIMENT_PREFIX + line
        experiment = self._client.get_experiment_by_name(name)
        if experiment is None:
            made: str = self._client.create_experiment(name)
            return made
        self._bring_back(experiment)
        found: str = experiment.experiment_id
        return found

    def _bring_back(self, experiment: Any) -> None:
        """Restore a deleted experiment before its runs are looked at, since they come back with it."""
        if experiment.lifecycle_stage != "active":
            self._client.restore_experiment(experiment.experiment_id)

    def _registered(self, line: str) -> Any | None:
        try:
            return self._client.get_registered_model(registered_name(line))
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except MlflowException as error:
            if error.error_code not in _UNAVAILABLE:
                raise ShowcaseRefused(str(error)) from error
            raise ShowcaseNotReachable(f"MLflow at {self._url}: {error}") from error
        except (requests.RequestException, OSError) as error:
            raise ShowcaseNotReachable(f"MLflow at {self._url}: {error}") from error


def registered_name(line: str) -> str:
    """Return the line's name as MLflow takes it: without the marks it refuses."""
    return quote(line, safe=" ")
