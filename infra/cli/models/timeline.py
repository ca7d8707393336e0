"""`telltale models timeline`: who was champion at any moment, on what grounds, and what was refused meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer

from domain.comparison import ModelsCompared, budget_checks, within_budgets
from domain.logged_models import LoggedModelEvent
from domain.models import ModelPromoted
from domain.promotion import PromotionRejected, line_of
from infra.cli.models.logged_models import logged_model_events
from infra.cli.moments import parse_moment
from infra.cli.output import JsonOption, print_json, print_table, say


def timeline(
    line: Annotated[str, typer.Argument(help="Line of a profile, such as pump.")],
    *,
    at: Annotated[
        str | None, typer.Option(metavar="T", help="As the log stood then: who was champion, and why.")
    ] = None,
    json_output: JsonOption = False,
) -> None:
    """Show who was champion since when, promoted by whom, on what grounds and why; comparisons and refusals beside.

    Example: telltale models timeline pump --at 2026-03-09T12:00
    """
    moment = None if at is None else parse_moment(at)
    entries = entries_of(line, logged_model_events(), moment)
    champion = champion_at(entries)
    if json_output:
        print_json({"line": line, "at": moment, "champion": champion, "entries": entries})
        return
    name = line.partition("@")[0]
    print_table(
        ("at", "what", "model", "champion before", "grounds", "by", "because", "position"),
        (
            (one.at, one.what, one.model, one.against, one.grounds, one.actor, one.because, one.position)
            for one in entries
        ),
    )
    if champion is None:
        when = "was ever" if moment is None else "had been"
        say(f"no version of {name} {when} promoted; telltale models list shows those that were trained")
        return
    verb = "is" if moment is None else "was"
    say(f"[bold]{champion.model}[/] {verb} champion, by {champion.actor}: {champion.because} ({champion.grounds})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened to a line; what: promoted, rolled back, rejected or compared."""

    at: datetime
    what: str
    model: str
    against: str | None
    grounds: str
    actor: str | None
    because: str | None
    forced: bool
    comparison_id: str | None
    position: str


def entries_of(line: str, events: Sequence[LoggedModelEvent], at: datetime | None) -> list[Entry]:
    """Return what happened to a line up to a moment by the log's clock, in the order of the log."""
    name = line.partition("@")[0]
    known_at: datetime | None = None
    entries = []
    for logged in events:
        # As in read models: a clock that steps back makes nothing known earlier than what stands before it.
        known_at = logged.appended_at if known_at is None else max(known_at, logged.appended_at)
        if at is not None and known_at > at:
            break
        entry = _entry(logged, known_at)
        if entry is not None and line_of(logged.event) == name:
            entries.append(entry)
    return entries


def champion_at(entries: Sequence[Entry]) -> Entry | None:
    """Return the entry that made the champion; None when there is none."""
    return next((one for one in reversed(entries) if one.what in {"promoted", "rolled back"}), None)


def _entry(logged: LoggedModelEvent, known_at: datetime) -> Entry | None:
    common: dict[str, Any] = {"at": known_at, "position": str(logged.position), "forced": False}
    match logged.event:
        case ModelPromoted() as event:
            return Entry(
                **common | {"forced": event.forced},
                what="rolled back" if event.rollback else "promoted",
                model=str(event.model),
                against=None if event.replaces is None else str(event.replaces),
                grounds=_grounds(event),
                actor=event.actor,
                because=event.because,
                comparison_id=event.comparison_id,
            )
        case PromotionRejected() as event:
            broken = ", ".join(f"{check.budget} {check.measured:.4g}" for check in event.checks if not check.kept)
            return Entry(
                **common,
                what="rejected",
                model=str(event.model),
                against=str(event.against),
                grounds=broken or "never compared",
                actor=event.actor,
                because=event.because,
                comparison_id=event.comparison_id,
            )
        case ModelsCompared() as event:
            inside = within_budgets(budget_checks(event.numbers))
            return Entry(
                **common,
                what="compared",
                model=str(event.challenger),
                against=str(event.champion),
                grounds=f"{'inside' if inside else 'outside'} the budgets, {event.numbers.readings:,} readings",
                actor=None,
                because=None,
                comparison_id=event.comparison_id,
            )
        case _:
            return None


def _grounds(event: ModelPromoted) -> str:
    if event.rollback:
        return "it was champion before"
    if event.forced:
        return "forced" if event.comparison_id else "forced, never compared"
    if event.comparison_id:
        return "compared, inside the budgets"
    return "first champion" if event.replaces is None else "from before there was a gate"
