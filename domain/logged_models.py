"""Lines of models as the log tells them, with places and times: a fold of model-events for people and for MLflow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.models import ModelPromoted, ModelRef, ModelTrained
from domain.positions import Position
from domain.promotion import ModelEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedVersion:
    """A trained version and where the log says so."""

    event: ModelTrained
    position: Position
    appended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedLine:
    """A line of models: its versions by number from 1, and the promotion of its champion."""

    name: str
    versions: tuple[LoggedVersion, ...] = ()
    champion: ModelPromoted | None = None
    """The newest promotion of the line."""
    champions: Mapping[str, ModelRef] = field(default_factory=dict)
    """By version of the profile (`pump@1`) the model that judges its readings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedModelEvent:
    """An event of model-events with its place in the log."""

    event: ModelEvent
    position: Position
    appended_at: datetime


def fold(lines: Mapping[str, LoggedLine], news: Iterable[LoggedModelEvent]) -> tuple[dict[str, LoggedLine], set[str]]:
    """Return all lines after `news`, and the names of those that changed; comparisons and refusals change none."""
    folded, changed = dict(lines), set()
    for logged in news:
        event = logged.event
        if not isinstance(event, ModelTrained | ModelPromoted):
            continue
        name = event.model.name
        line = folded.get(name, LoggedLine(name=name))
        if isinstance(event, ModelTrained):
            version = LoggedVersion(event=event, position=logged.position, appended_at=logged.appended_at)
            folded[name] = replace(line, versions=(*line.versions, version))
        else:
            champions = {**line.champions, event.model.profile: event.model}
            folded[name] = replace(line, champion=event, champions=champions)
        changed.add(name)
    return folded, changed


def champion_of(lines: Mapping[str, LoggedLine], profile: str) -> ModelRef | None:
    """Return the model that judges the readings of a profile (`pump@1`); None when there is none."""
    line = lines.get(profile.partition("@")[0])
    return None if line is None else line.champions.get(profile)
