"""What came of a promotion or a rollback, in the words of the page."""

from html import escape

from dashboard.answers.promotions import Problem, Promoted
from dashboard.command_service import CommandError, CommandRefused, NotReached
from dashboard.look.formats import clock
from dashboard.memory import now
from dashboard.models.budgets import broken_text
from dashboard.parts.words import mono


def done_html(promoted: Promoted) -> str:
    """Return who is champion now, and where the log says so."""
    instead = f" instead of {escape(promoted.replaces)}" if promoted.replaces else ""
    again = ", rolled back" if promoted.rollback else ""
    return (
        f'<div class="tt-banner same" role="status"><span><b>{escape(promoted.model)} is champion</b>{instead}{again}: '
        f"{clock(promoted.promoted_at, now())}, {escape(promoted.actor)}. In the log at {mono(promoted.position)}"
        "</span></div>"
    )


def failed_html(error: CommandError) -> str:
    """Return why nothing was changed; or that it is not known, and what to do then."""
    if isinstance(error, CommandRefused):
        return _told(*_refused(error))
    if isinstance(error, NotReached):
        return _told("The command service does not answer.", f"{escape(_sentence(error))} {mono('telltale status')}")
    return _told(
        "Not confirmed.",
        f"{escape(_sentence(error))} Whether the log took it is not known: the same button again is safe, it stays one "
        f"event. {mono('telltale status')}",
        known=False,
    )


def missing_html() -> str:
    """Return that a reason is missing."""
    return _told("A reason is needed.", "It stands wherever the champion is shown.")


def _refused(error: CommandRefused) -> tuple[str, str]:
    problem = error.problem
    if error.status in {401, 403}:
        return "Not allowed.", escape(_sentence(error))
    return "Refused.", f"{_why(problem)}{_champion(problem)}"


def _why(problem: Problem) -> str:
    """Return the rule that forbids it; the gate's with the numbers that broke a budget."""
    gate = problem.rejection
    if gate is None:
        return escape(problem.detail.removesuffix(".")) + "."
    where = f" The refusal is in the log at {mono(gate.position)}."
    if gate.comparison_id is None:
        return f"{escape(gate.model)} was never compared with {escape(gate.against)}, the champion.{where}"
    broken = "; ".join(broken_text(check) for check in gate.checks if not check.kept)
    return f"{escape(gate.model)} against {escape(gate.against)}: {escape(broken)}.{where}"


def _champion(problem: Problem) -> str:
    """Return who stays champion, since when and by whom."""
    stays = problem.champion
    if stays is None:
        return ""
    return (
        f" Champion is <b>{escape(stays.model)}</b> since {clock(stays.promoted_at, now())}, "
        f"by {escape(stays.actor)}: “{escape(stays.because)}”."
    )


def _told(what: str, why: str, *, known: bool = True) -> str:
    nothing = " Nothing was changed." if known else ""
    return f'<div class="tt-banner conflict" role="alert"><span><b>{escape(what)}</b> {why}{nothing}</span></div>'


def _sentence(error: Exception) -> str:
    return f"{str(error).removesuffix('.')}."
