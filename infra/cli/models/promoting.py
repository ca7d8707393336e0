"""Promoting as part of a larger command: whoever follows a champion is compared with it first, like anybody's."""

from domain.logged_models import champion_of, fold
from domain.models import ModelRef
from infra.cli.command_client import post_command
from infra.cli.models.diff import compare
from infra.wiring.container import Container


def compare_and_promote(intake: Container, model: ModelRef, because: str) -> None:
    """Make a version champion through the command service; where there is a champion, compare over all history first.

    Raises:
        CommandFailed: the gate or another rule refused, or a service is not reachable.
    """
    lines, _ = fold({}, intake.model_events().news(0))
    champion = champion_of(lines, model.profile)
    if champion is not None and champion != model:
        compare(intake.comparing, str(champion), str(model))
    wish = {"version": model.version, "because": because}
    post_command(intake.settings(), f"/models/{model.name}/promote", wish)
