"""What page Models asks the API."""

from dashboard.answers.models import ComparisonMade, ModelsDiff, Timeline, TrainedVersion
from dashboard.client import ApiRefused
from dashboard.connection import Connection
from dashboard.frame.choices import Choices

Pair = tuple[str, str]
"""Champion and challenger, such as pump/1 and pump/2."""

NOT_KNOWN = 404


def ask_trained(connection: Connection, choices: Choices) -> tuple[TrainedVersion, ...]:
    """Return every version of every line, newest first. Raises ApiError."""
    return connection.memory.ask(
        choices.question("trained"), lambda: connection.api.trained(choices.as_of), fresh_for_s=0.8
    ).value


def ask_timelines(connection: Connection, choices: Choices, names: tuple[str, ...]) -> dict[str, Timeline]:
    """Return the timeline of each line. Raises ApiError."""
    return {
        name: connection.memory.ask(
            choices.question("timeline", name),
            lambda name=name: connection.api.timeline(name, choices.as_of),  # type: ignore[misc]
            fresh_for_s=0.8,
        ).value
        for name in names
    }


def ask_diff(connection: Connection, choices: Choices, pair: Pair) -> ModelsDiff | None:
    """Return the newest comparison of two versions; None when they were not compared by then. Raises ApiError."""
    champion, challenger = pair

    def fetch() -> ModelsDiff | None:
        try:
            return connection.api.models_diff(
                line_of(champion), champion=champion, challenger=challenger, as_of=choices.as_of
            )
        except ApiRefused as error:
            if error.status == NOT_KNOWN:
                return None
            raise

    return connection.memory.ask(choices.question("diff", *pair), fetch, fresh_for_s=0.8).value


def line_of(model: str) -> str:
    """Return the line of a version: `pump` of `pump/2`."""
    return model.rpartition("/")[0]


def first_pair(trained: tuple[TrainedVersion, ...], timelines: dict[str, Timeline]) -> Pair | None:
    """Return what to compare unasked: the newest comparison there is, else a champion and its line's newest version.

    None when no line has two versions.
    """
    made: list[ComparisonMade] = [one for timeline in timelines.values() for one in timeline.comparisons]
    if made:
        newest = max(made, key=lambda one: one.compared_at)
        return newest.champion, newest.challenger
    for version in trained:
        others = [one for one in trained if one.profile == version.profile and one.model != version.model]
        if others:
            champion = next((one for one in others if one.champion), others[0])
            return champion.model, version.model
    return None
