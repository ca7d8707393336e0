"""Fakes of what training, the command service and the mirror need: logs and a show-case in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.admission import UnknownProfile
from domain.models import ModelRef, ModelTrained
from domain.positions import Position
from domain.profiles import ProfileDefined, newest_profile
from infra.mlflow.reconcile import ShowcaseNotReachable, ShownLine, ShownRun, ShownVersion
from infra.mlflow.run_content import MODEL_TAG, RunContent
from ml.artifact import sha256_of
from ml.manifest import OffsetRange, Selection
from ml.training.ports import ModelNotStored, NewModel, OnProgress, ReadingsGone, StoredModel
from ml.training.trainer import TrainingRows
from tests.builders import NOON


@dataclass
class FakeReadingLog:
    """Rows of one profile, as if they stood in partition 0."""

    defined: ProfileDefined
    held: TrainingRows

    def profile(self, name: str) -> ProfileDefined:
        profile = newest_profile([self.defined], name)
        if profile is None:
            raise UnknownProfile(name)
        return profile

    def everything(self, profile: str) -> Selection:
        ranges = (OffsetRange(partition=0, from_offset=0, next_offset=len(self.held)),)
        return Selection(profile=profile, topic="sensor-events", topic_id="test", ranges=ranges)

    def rows(self, selection: Selection, profile: ProfileDefined, *, on_progress: OnProgress) -> TrainingRows:
        end = selection.ranges[0].next_offset
        if end > len(self.held):
            raise ReadingsGone(f"sensor-events/0 holds {len(self.held)}")
        on_progress(end, end)
        held = self.held
        return replace(
            held,
            values=held.values[:end],
            recorded_at_us=held.recorded_at_us[:end],
            partitions=held.partitions[:end],
            offsets=held.offsets[:end],
            sensors=held.sensors[:end],
        )


@dataclass(eq=False)
class FakeModelLog:
    """Models in memory."""

    events: list[ModelTrained] = field(default_factory=list)
    contents: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def append(self, model: NewModel) -> StoredModel:
        digest = sha256_of(model.content)
        version = 1 + sum(event.model.name == model.line for event in self.events)
        event = ModelTrained(
            model=ModelRef(profile=model.profile, name=model.line, version=version, artifact_sha256=digest),
            detectors=model.detectors,
            manifest=model.manifest,
            manifest_sha256=model.manifest_sha256,
            rows=model.rows,
            metrics=model.metrics,
            parameters=model.parameters,
        )
        self.contents[digest] = (model.format, model.content)
        self.events.append(event)
        return StoredModel(event=event, position=Position("model-events", 0, len(self.events) - 1))

    def trained(self) -> tuple[ModelTrained, ...]:
        return tuple(self.events)

    def content(self, artifact_sha256: str) -> tuple[str, bytes]:
        try:
            return self.contents[artifact_sha256]
        except KeyError:
            raise ModelNotStored(f"model-artifacts holds 0 chunks of {artifact_sha256}") from None


@dataclass
class FakeShowcase:
    """MLflow in memory; `fails_after` makes it unreachable after so many changes."""

    runs: dict[str, tuple[str, ShownRun]] = field(default_factory=dict)
    registered: dict[str, list[ShownVersion]] = field(default_factory=dict)
    champions: dict[str, int] = field(default_factory=dict)
    fails_after: int | None = None
    changes: int = 0

    def line(self, name: str) -> ShownLine:
        if self.fails_after == 0:
            raise ShowcaseNotReachable("MLflow does not answer")
        runs: dict[str, list[ShownRun]] = {}
        for line, run in self.runs.values():
            if line == name:
                runs.setdefault(run.tags[MODEL_TAG], []).append(run)
        return ShownLine(
            runs={model: tuple(found) for model, found in runs.items()},
            versions=tuple(self.registered.get(name, ())),
            champion=self.champions.get(name),
        )

    def add_run(self, line: str, content: RunContent) -> str:
        self._change()
        run_id = f"run-{self.changes}"
        shown = ShownRun(
            run_id=run_id,
            finished=True,
            parameters=content.parameters,
            metrics=content.metrics,
            tags=content.tags,
            sizes={path: len(file) for path, file in content.files.items()},
        )
        self.runs[run_id] = (line, shown)
        return run_id

    def remove_run(self, run_id: str) -> None:
        self._change()
        del self.runs[run_id]

    def add_version(self, line: str, run_id: str, tags: Mapping[str, str]) -> int:
        self._change()
        versions = self.registered.setdefault(line, [])
        versions.append(ShownVersion(version=len(versions) + 1, run_id=run_id, tags=tags))
        return len(versions)

    def forget_versions(self, line: str) -> None:
        self._change()
        del self.registered[line]
        self.champions.pop(line, None)

    def set_champion(self, line: str, version: int | None) -> None:
        self._change()
        if version is None:
            del self.champions[line]
        else:
            self.champions[line] = version

    def _change(self) -> None:
        if self.fails_after is not None and self.changes >= self.fails_after:
            raise ShowcaseNotReachable("MLflow does not answer")
        self.changes += 1


def appended_at(offset: int) -> datetime:
    """Return when the record at `offset` was appended."""
    return NOON + timedelta(seconds=offset)
