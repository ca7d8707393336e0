"""What a dry run teaches: how the files are understood, and the command that brings them in, tried before."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from domain.profiles import ProfileDefined
from infra.cli.ingest.profile import ProfileSeen, profile_seen
from infra.cli.ingest.sources import Understood, understood
from infra.cli.ingest.wishes import Wishes
from infra.sources.files.columns_do_not_fit import ColumnsDoNotFit
from infra.sources.files.survey import Survey, survey
from infra.sources.times.moments import Plausible

_MOST_STEPS: Final = 40
_FLAG: Final = re.compile(r"--time-format (excel|s|ms|us|ns)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A change of the command that a person may want: tried, with what came of it."""

    because: str
    wishes: Wishes
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What was found out. steps: what the program had to add to the wishes to go on, and why."""

    files: tuple[str, ...]
    wishes: Wishes
    steps: tuple[str, ...]
    understood: Understood
    seen: ProfileSeen
    survey: Survey
    alternatives: tuple[Alternative, ...]

    @property
    def command(self) -> str:
        """Return the command that brings the files in as the survey shows them."""
        return self.wishes.command(self.files)


def teach(files: Sequence[str], paths: Sequence[Path], wishes: Wishes, plausible: Plausible) -> Lesson:
    """Return what files hold, with every piece of advice followed that leaves no choice.

    Raises:
        ColumnsDoNotFit: a person has to decide; the message says between what.
    """
    steps: list[str] = []
    if wishes.profile is None:
        name = re.sub(r"[@/\0\s]+", "-", paths[0].name.partition(".")[0])[:64] or "machine"
        wishes = replace(wishes, profile=name)
        steps.append(f"--profile {name}: no kind of machine was named; after the file, then")
    seen = profile_seen(wishes.profile or "")
    for _ in range(_MOST_STEPS):
        try:
            found = understood(paths, wishes, seen.profile, plausible)
            break
        except ColumnsDoNotFit as error:
            advice = error.advice or _formats_in(str(error), wishes)
            if not advice:
                raise
            options = [f"--{name.replace('_', '-')} {text}" for name, text in advice.items()]
            steps.append(f"{' '.join(options)}: {error}")
            wishes = wishes.advised(advice)
    else:
        raise ColumnsDoNotFit(
            f"{', '.join(files)}: more than {_MOST_STEPS} columns do not fit; name those to take with --channels"
        )
    plan = found.sources[0].plan
    if wishes.time is None and plan.time:
        wishes = replace(wishes, time=plan.time_column)
    profile = seen.profile or found.profile(wishes.profile or "")
    surveyed = survey(found.sources, profile)
    return Lesson(
        files=tuple(files),
        wishes=wishes,
        steps=tuple(steps),
        understood=found,
        seen=seen,
        survey=surveyed,
        alternatives=_without_sentinels(paths, wishes, surveyed, seen.profile, plausible),
    )


def _formats_in(message: str, wishes: Wishes) -> dict[str, str]:
    """Return the form of time that a refusal names as the likely one."""
    named = _FLAG.search(message)
    return {"time_format": named[1]} if named and wishes.time_format is None and "reads as" in message else {}


def _without_sentinels(
    paths: Sequence[Path], wishes: Wishes, surveyed: Survey, known: ProfileDefined | None, plausible: Plausible
) -> tuple[Alternative, ...]:
    """Return the command that takes suspicious values as not measured, tried."""
    values = sorted({value for channel in surveyed.channels for value, _ in channel.suspicious})
    if not values:
        return ()
    texts = ",".join(f"{value:g}" if float(f"{value:g}") == value else repr(value) for value in values)
    changed = wishes.advised({"missing": texts})
    again = understood(paths, changed, known, plausible)
    tried = survey(again.sources, known or again.profile(wishes.profile or ""))
    ranges = ", ".join(
        f"{channel.channel} is then {channel.minimum:g} to {channel.maximum:g}"
        for channel, before in zip(tried.channels, surveyed.channels, strict=True)
        if before.suspicious and channel.values
    )
    cells = tried.counts.missing - surveyed.counts.missing
    return (
        Alternative(
            because=f"if {texts} means not measured",
            wishes=changed,
            outcome=f"tried: {cells:,} cells fewer, {ranges}",
        ),
    )
