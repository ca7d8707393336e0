"""`telltale dead-letters`: records that could not be accepted, and what becomes of them."""

import base64
import getpass
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.dead_letter_log import LoggedLetter
from commands.decide_on_dead_letter import Decided, DiscardDeadLetter, RedriveDeadLetter
from commands.record_readings import OfferedReading, Refused
from domain.dead_letters import DeadLetterDecision, DeadLetterRedriven, DeadLetterState, state_of
from domain.positions import NotAPosition, Position
from infra.cli.composition import composed
from infra.cli.log_failures import log_failures_explained
from infra.cli.output import CommandFailed, JsonOption, print_json, print_table, say
from infra.exit_codes import ExitCode

app = typer.Typer(no_args_is_help=True, help="Records that could not be accepted, and what becomes of them.")

PositionArgument = Annotated[
    str, typer.Argument(metavar="POSITION", help="topic/partition/offset of the record, as list shows it.")
]
MAGIC = b"\0"
"""First byte of a record's value in the wire format; no JSON begins with it."""


@app.command("list")
def list_letters(
    *,
    state: Annotated[DeadLetterState | None, typer.Option(help="Only those.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 100,
    json_output: JsonOption = False,
) -> None:
    """List dead letters, newest last: position, class, message, stage, time, state.

    Example: telltale dead-letters list --state open
    """
    with log_failures_explained():
        log = composed().dead_letter_log()
        letters, decisions = log.letters(), log.decisions()
    told = [_told(logged, decisions.get(logged.letter.position)) for logged in letters]
    kept = [one for one in told if state in {None, one["state"]}]
    if json_output:
        print_json(kept[-limit:])
        return
    columns = ("position", "error", "message", "stage", "dead_lettered_at", "state")
    print_table(columns, [tuple(str(one[column]) for column in columns) for one in kept[-limit:]])
    if len(kept) > limit:
        say(f"and {len(kept) - limit:,} older ones: --limit {len(kept)}")


@app.command()
def show(position: PositionArgument, *, json_output: JsonOption = False) -> None:
    """Show one dead letter whole: its record's key, headers and bytes, and what was decided.

    Example: telltale dead-letters show sensor-events/3/180442
    """
    at = _position(position)
    with log_failures_explained():
        log = composed().dead_letter_log()
        logged = next((one for one in log.letters() if one.letter.position == str(at)), None)
        decision = log.decisions().get(str(at))
    if logged is None:
        raise CommandFailed(f"no dead letter holds {at}", then="telltale dead-letters list")
    letter = logged.letter
    whole = {
        **_told(logged, decision),
        "key": _text(letter.key),
        "headers": {header.name: _text(header.value) for header in letter.headers},
        "value_base64": None if letter.value is None else base64.b64encode(letter.value).decode(),
    }
    if json_output:
        print_json(whole)
        return
    for name, value in whole.items():
        if value is not None:
            say(f"{name:<17} {value}")


@app.command()
def redrive(
    position: PositionArgument,
    *,
    value_file: Annotated[
        Path | None,
        typer.Option(help="The repaired record: a reading in JSON, as POST /readings takes it, or its Avro bytes."),
    ] = None,
    because: Annotated[str, typer.Option(help="Why; written down in the log.")] = "",
    json_output: JsonOption = False,
) -> None:
    """Append a dead letter's record to sensor-events again, repaired or as it is; twice asked, it is one record.

    Example: telltale dead-letters redrive sensor-events/3/180442 --value-file reading.json
    """
    command = RedriveDeadLetter(
        position=_position(position),
        repaired=None if value_file is None else _repaired(value_file),
        because=because,
        actor=getpass.getuser(),
    )
    with log_failures_explained():
        _say(composed().dead_letter_handler().redrive(command), json_output=json_output)


@app.command()
def discard(
    position: PositionArgument,
    *,
    because: Annotated[str, typer.Option(help="Why; written down in the log.")],
    json_output: JsonOption = False,
) -> None:
    """Give a dead letter's record up: it stays in the log, and nobody has to look at it again.

    Example: telltale dead-letters discard sensor-events/3/180442 --because "a test of the gateway"
    """
    command = DiscardDeadLetter(position=_position(position), because=because, actor=getpass.getuser())
    with log_failures_explained():
        _say(composed().dead_letter_handler().discard(command), json_output=json_output)


def _position(text: str) -> Position:
    try:
        return Position.parse(text)
    except NotAPosition as error:
        raise CommandFailed(str(error), code=ExitCode.USAGE) from error


def _repaired(file: Path) -> OfferedReading | bytes:
    # Imported here: the web framework is not needed to list and show.
    from commands.record_readings_route import offered  # noqa: PLC0415

    try:
        content = file.read_bytes()
        plain = None if content.startswith(MAGIC) else json.loads(content)
    except OSError as error:
        raise CommandFailed(f"{file} can't be read: {error.strerror}", code=ExitCode.USAGE) from error
    except ValueError as error:
        raise CommandFailed(f"neither a record's bytes nor JSON: {error}", str(file), code=ExitCode.USAGE) from error
    if plain is None:
        return content
    reading = offered(0, plain)
    if isinstance(reading, Refused):
        raise CommandFailed(f"{reading.field}: {reading.reason}", str(file), code=ExitCode.USAGE)
    return reading


def _told(logged: LoggedLetter, decision: DeadLetterDecision | None) -> dict[str, Any]:
    return {
        "position": logged.letter.position,
        "error": logged.letter.error,
        "message": logged.letter.message,
        "stage": logged.letter.stage,
        "dead_lettered_at": logged.appended_at.isoformat(),
        "state": state_of(decision),
        "redriven_as": decision.redriven_as if isinstance(decision, DeadLetterRedriven) else None,
        "because": None if decision is None else decision.because,
        "actor": None if decision is None else decision.actor,
    }


def _text(content: bytes | None) -> str | None:
    return None if content is None else content.decode(errors="backslashreplace")


def _say(decided: Decided, *, json_output: bool) -> None:
    decision = decided.decision
    redriven_as = decision.redriven_as if isinstance(decision, DeadLetterRedriven) else None
    if json_output:
        print_json(
            {
                "position": decision.position,
                "state": state_of(decision),
                "redriven_as": redriven_as,
                "repeated": decided.repeated,
            }
        )
        return
    before = " before; nothing was added" if decided.repeated else ""
    stands = f" as {redriven_as}" if redriven_as else ""
    say(f"{decision.position} was {state_of(decision)}{stands}{before}")
