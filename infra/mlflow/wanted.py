"""What MLflow should show: a fold of model-events, one line at a time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain.models import ModelPromoted, ModelTrained
from domain.positions import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedVersion:
    """A trained version and where the log says so."""

    event: ModelTrained
    position: Position
    appended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedLine:
    """A line of models: its versions by number from 1, and the promotion of its champion."""

    name: str
    versions: tuple[WantedVersion, ...] = ()
    champion: ModelPromoted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedModelEvent:
    """An event of model-events with its place in the log."""

    event: ModelTrained | ModelPromoted
    position: Position
    appended_at: datetime


def fold(lines: Mapping[str, WantedLine], news: Iterable[LoggedModelEvent]) -> tuple[dict[str, WantedLine], set[str]]:
    """Return all lines after `news`, and the names of those that changed."""
    folded, changed = dict(lines), set()
    for logged in news:
        event = logged.event
        name = event.model.name
        line = folded.get(name, WantedLine(name=name))
        if isinstance(event, ModelTrained):
            version = WantedVersion(event=event, position=logged.position, appended_at=logged.appended_at)
            folded[name] = replace(line, versions=(*line.versions, version))
        else:
            folded[name] = replace(line, champion=event)
        changed.add(name)
    return folded, changed
