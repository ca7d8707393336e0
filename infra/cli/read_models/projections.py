"""`telltale projections`: how every read model stands against the log; resting, going on, and new ones."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import psycopg
import typer

from infra.cli.composition import composed
from infra.cli.output import CommandFailed, JsonOption, print_json, print_table, say
from infra.exit_codes import ExitCode
from infra.postgres.builds import announce
from infra.postgres.connections import connect_for_writing
from infra.postgres.followed import pause, resume
from infra.postgres.projector_list import IN_ORDER, ListedProjection, list_projections
from projections.folder import FolderRefused, NoSuchReadModel
from projections.new_folder import make_folder
from projections.ports import StoreUnavailable

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Read model.")]


@app.callback()
def projections() -> None:
    """Read models: how far they are, and why if they are not."""


@app.command("list")
def list_them(json_output: JsonOption = False) -> None:
    """Show every build with lag, rate, state and cause; exit 1 if one is refused, stopped, stalled or down.

    As JSON: telltale projections list --json
    """
    with _database() as connection:
        found = list_projections(connection)
    if json_output:
        print_json([*found])
    else:
        print_table(("read model", "build", "state", "lag", "behind", "rate", "at", "cause"), map(_row, found))
    if any(projection.state not in IN_ORDER for projection in found):
        raise typer.Exit(ExitCode.NO)


@app.command("pause")
def pause_it(name: Name) -> None:
    """Let a read model rest where it is, until told to go on; readers see its age grow.

    Example: telltale projections pause readings
    """
    _require(name)
    with _database() as connection:
        new = pause(connection, name, actor=getpass.getuser())
        announce(connection)
    say(f"{name} {'rests' if new else 'rested already'}; to go on: telltale projections resume {name}")


@app.command("resume")
def resume_it(name: Name) -> None:
    """Let a read model that rests go on.

    Example: telltale projections resume readings
    """
    _require(name)
    with _database() as connection:
        rested = resume(connection, name)
        announce(connection)
    say(f"{name} goes on" if rested else f"{name} did not rest")


@app.command("new")
def new(name: Name) -> None:
    """Make a folder for a read model of your own: four commented files with a working example.

    A running projector builds it at once; it is read at GET /read-models/NAME/TABLE. Change its files, then rebuild.
    Example: telltale projections new daily_readings
    """
    container = composed()
    try:
        place = make_folder(container.folders(), name)
    except FolderRefused as refused:
        raise CommandFailed(str(refused), code=ExitCode.REFUSED) from refused
    say(f"made {place}")
    say(f"  a running projector builds it now: telltale projections list; then GET /read-models/{name}/{name}")
    say(f"  after a change of its files: telltale rebuild {name}")


def _require(name: str) -> None:
    names = composed().folders().names()
    if name not in names:
        raise CommandFailed(str(NoSuchReadModel(name, names)), code=ExitCode.USAGE)


@contextmanager
def _database() -> Iterator[psycopg.Connection]:
    try:
        with connect_for_writing(composed().settings().postgres_dsn, name="telltale projections") as connection:
            yield connection
    except StoreUnavailable as error:
        raise CommandFailed(str(error), then="telltale status", code=ExitCode.NOT_REACHABLE) from error


def _row(projection: ListedProjection) -> tuple[object, ...]:
    return (
        projection.read_model,
        _build(projection),
        projection.state,
        _number(projection.lag_offsets, "{:,}"),
        _number(projection.lag_seconds, "{:,.1f} s"),
        _number(projection.records_per_second, "{:,.0f}/s"),
        projection.position,
        projection.cause,
    )


def _build(projection: ListedProjection) -> str:
    if projection.build is None:
        return "–"
    return f"{projection.build}" if projection.serves else f"{projection.build} (kept)"


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
