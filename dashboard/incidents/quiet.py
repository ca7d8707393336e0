"""What stands where no incident is: that all is quiet, with proof of life, or why that can't be said."""

from dashboard.answers.operations import Freshness
from dashboard.connection import Connection
from dashboard.frame.choices import Choices
from dashboard.frame.freshness import ask_freshness
from dashboard.frame.judging import all_is_judged
from dashboard.incidents.asking import NEEDS_SOMEONE
from dashboard.look.formats import clock, many, span
from dashboard.memory import now
from dashboard.parts.words import empty, quiet


def show_none(connection: Connection, choices: Choices, view: str) -> None:
    """Say that the list is empty, and what that means."""
    if view != NEEDS_SOMEONE:
        empty("<b>No incident began in this range.</b><br>A longer range is chosen above.")
        return
    fresh = ask_freshness(connection).value
    sentence = quiet_sentence(fresh, choices)
    if sentence:
        quiet(sentence)
    else:
        empty(f"<b>No incident needs anyone.</b><br>{_known_to(fresh, choices)}")


def quiet_sentence(fresh: Freshness, choices: Choices) -> str:
    """Return that all is quiet; empty when that is not known."""
    if choices.known_at or choices.stale or fresh.last_reading_known_at is None or not all_is_judged(fresh):
        return ""
    age = span(fresh.now - fresh.last_reading_known_at)
    if choices.machine:
        return f"<b>Nothing needs you on this machine.</b> Last reading of the plant {age} ago."
    found = f"{many(fresh.sensors, 'sensor')} on {many(fresh.machines, 'machine')}"
    return f"<b>Quiet.</b> {found}, last reading {age} ago."


def _known_to(fresh: Freshness, choices: Choices) -> str:
    if choices.known_at:
        return f"That is what was known at {clock(choices.known_at, now())}."
    if fresh.last_reading_known_at is None:
        return "No reading has come yet."
    return "Whether nothing is wrong is not known: not every reading that arrives is judged and shown."
