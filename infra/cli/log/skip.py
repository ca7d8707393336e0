"""`telltale skip`: tell every build to pass over one record that can't be stored."""

import getpass
from typing import Annotated

import typer

from commands.skip_record import Skipped
from domain.positions import NotAPosition, Position
from domain.rejections import ReasonMissing
from domain.skips import NoSuchPartition, SkipRecord
from infra.cli.composition import composed
from infra.cli.log_failures import log_failures_explained
from infra.cli.output import CommandFailed, JsonOption, print_json, say
from infra.exit_codes import ExitCode

app = typer.Typer()


@app.command()
def skip(
    position: Annotated[str, typer.Argument(metavar="POSITION", help="topic/partition/offset of the record.")],
    *,
    because: Annotated[str, typer.Option(help="Why; written down in the log.")],
    json_output: JsonOption = False,
) -> None:
    """Tell every build, present and future, to pass over one record; a read model that it stopped goes on.

    The record stays in the log and is listed in each build's table `rejected`. What a build has read already stays.
    Example: telltale skip sensor-events/3/180442 --because "written by a broken import"
    """
    command = SkipRecord(position=_position(position), because=because, actor=getpass.getuser())
    with log_failures_explained():
        try:
            skipped = composed().skip_record().handle(command)
        except (ReasonMissing, NoSuchPartition) as mistaken:
            raise CommandFailed(str(mistaken), code=ExitCode.USAGE) from mistaken
    _say(skipped, json_output=json_output)


def _position(text: str) -> Position:
    try:
        return Position.parse(text)
    except NotAPosition as error:
        raise CommandFailed(str(error), code=ExitCode.USAGE) from error


def _say(skipped: Skipped, *, json_output: bool) -> None:
    position, because = skipped.decision.position, skipped.decision.because
    if json_output:
        appended = None if skipped.repeated else str(skipped.position)
        print_json({"position": position, "because": because, "appended": appended})
    elif skipped.repeated:
        say(f"{position} is passed over already: {because}")
    else:
        say(
            f"{position} is passed over from now on ({skipped.position}); a read model that it stopped goes on "
            "within seconds"
        )
