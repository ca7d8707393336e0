"""What came of an action on an incident, in the words of the page."""

from collections.abc import Sequence
from html import escape
from typing import Final

from dashboard.answers.incidents import Handled, Incident, ItemAnswer, Standing
from dashboard.command_service import CommandError, CommandRefused, NotReached
from dashboard.look.formats import clock, many
from dashboard.memory import now
from dashboard.parts.words import mono

PAST: Final = {
    "IncidentAcknowledged": "Acknowledged",
    "IncidentAssigned": "Assigned",
    "IncidentCommented": "Comment added",
    "IncidentResolved": "Judged",
    "IncidentReopened": "Reopened",
}
NOTHING: Final = "Nothing was changed"


def done_html(handled: Handled) -> str:
    """Return what was done, as whom, and where the log says so."""
    what = PAST.get(handled.event, handled.event)
    return _same(f"<b>{escape(what)}</b> as {escape(handled.actor)}. In the log at {mono(handled.position)}")


def failed_html(error: CommandError) -> str:
    """Return why nothing was changed, who was first and when; or that it is not known, and what to do then."""
    if isinstance(error, CommandRefused):
        if error.status in {401, 403}:
            return _conflict("Not allowed.", f"{escape(_sentence(str(error)))} {NOTHING}.")
        first = _first(error.problem.standing, str(error))
        return _conflict(_sentence(str(error)), f"{first}{NOTHING}; here is the incident as it is now.")
    if isinstance(error, NotReached):
        why = f"{escape(_sentence(str(error)))} {NOTHING}. {mono('telltale status')}"
        return _conflict("The command service does not answer.", why)
    return _conflict(
        "Not confirmed.",
        f"{escape(_sentence(str(error)))} Whether the log took it is not known: the same button again is safe, it "
        f"stays one event. {mono('telltale status')}",
    )


def missing_html(what: str) -> str:
    """Return that a text is missing."""
    return _conflict(f"{what} is needed.", f"{NOTHING}.")


def bulk_html(asked: Sequence[Incident], answers: Sequence[ItemAnswer]) -> str:
    """Return how many were acknowledged, and of each that was not, why."""
    done = sum(1 for answer in answers if answer.position)
    refused = [
        f"<br>{escape(incident.machine_id)}: {escape(_sentence(answer.detail or str(answer.status)))} "
        f"{_first(answer.standing, answer.detail or '')}{NOTHING}."
        for incident, answer in zip(asked, answers, strict=True)
        if not answer.position
    ]
    text = f"<b>{many(done, 'incident')} acknowledged.</b>"
    return _conflict("", f"{text}{''.join(refused)}") if refused else _same(text)


def _first(standing: Standing | None, told: str) -> str:
    """Return who was first and when, unless the refusal has said it."""
    if standing is None or (standing.actor and standing.actor in told):
        return ""
    return f"Changed by {escape(standing.actor or 'the scorer')} at {clock(standing.at, now())}. "


def _conflict(what: str, why: str) -> str:
    head = f"<b>{escape(what)}</b> " if what else ""
    return f'<div class="tt-banner conflict" role="alert"><span>{head}{why}</span></div>'


def _same(html: str) -> str:
    return f'<div class="tt-banner same" role="status"><span>{html}</span></div>'


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."
