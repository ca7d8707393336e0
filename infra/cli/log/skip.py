"""`telltale skip`: tell every build to pass over one record that can't be stored."""

import getpass
from typing import Annotated

import typer

from domain.dead_letters import RecordSkipped
from domain.positions import NotAPosition, Position
from domain.topics import TOPICS
from infra.cli.composition import composed
from infra.cli.output import CommandFailed, JsonOption, print_json, say
from infra.exit_codes import ExitCode
from infra.kafka.client.appending import Fenced, NotAppended, OutcomeUnknown, Outgoing, TransactionalAppender
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.ends import LogEnds
from infra.wiring.container import Container
from projections.ports import LogUnavailable

app = typer.Typer()

TRANSACTIONAL_ID = "telltale-skip"


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
    at = _position(position)
    if not because.strip():
        raise CommandFailed("--because must say why", code=ExitCode.USAGE)
    container = composed()
    vocabulary = container.vocabulary()
    try:
        vocabulary.refresh()
        _require_record(container.settings().kafka_bootstrap, at)
        if (known := vocabulary.skipped.get(at)) is not None:
            _say(at, known, None, json_output=json_output)
            return
        appended = _append(container, RecordSkipped(position=str(at), because=because, actor=getpass.getuser()))
    except (LogUnavailable, LogNotReachable, NotAppended, OutcomeUnknown, Fenced) as error:
        raise CommandFailed(str(error), then="telltale status", code=ExitCode.NOT_REACHABLE) from error
    _say(at, because, appended, json_output=json_output)


def _position(text: str) -> Position:
    try:
        at = Position.parse(text)
    except NotAPosition as error:
        raise CommandFailed(str(error), code=ExitCode.USAGE) from error
    if at.topic not in TOPICS or at.partition >= TOPICS[at.topic].partitions:
        raise CommandFailed(f"the log has no {at.topic}/{at.partition}", code=ExitCode.USAGE)
    return at


def _require_record(bootstrap: str, at: Position) -> None:
    end = LogEnds(bootstrap).stable([(at.topic, at.partition)])[at.topic, at.partition]
    if at.offset >= end:
        raise CommandFailed(
            f"{at} is not in the log: {at.topic}/{at.partition} ends at {end}; nothing is skipped in advance",
            code=ExitCode.REFUSED,
        )


def _append(container: Container, skipped: RecordSkipped) -> Position:
    appender = TransactionalAppender(
        container.settings().kafka_bootstrap, transactional_id=TRANSACTIONAL_ID, contracts=container.contracts()
    )
    appender.open()
    [position] = appender.append([Outgoing(key=skipped.position, event=skipped)])
    return position


def _say(at: Position, because: str, appended: Position | None, *, json_output: bool) -> None:
    if json_output:
        print_json({"position": str(at), "because": because, "appended": None if appended is None else str(appended)})
    elif appended is None:
        say(f"{at} is passed over already: {because}")
    else:
        say(f"{at} is passed over from now on ({appended}); a read model that it stopped goes on within seconds")
