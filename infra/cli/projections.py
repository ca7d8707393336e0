"""`telltale projections`: how every read model stands against the log."""

import typer

from infra.cli.output import CommandFailed, ExitCode, JsonOption, print_json, print_table
from infra.container import Container
from infra.postgres.connections import connect_for_writing
from infra.postgres.projector_list import ListedProjection, list_projections
from projections.ports import StoreUnavailable

app = typer.Typer(no_args_is_help=True)

IN_ORDER = ("running", "loading", "waiting", "paused", "unfinished")


@app.callback()
def projections() -> None:
    """Read models: how far they are, and why if they are not."""


@app.command("list")
def list_them(json_output: JsonOption = False) -> None:
    """Show every build with lag, rate, state and cause; exit 1 if one is stopped, stalled or down.

    As JSON: telltale projections list --json
    """
    try:
        with connect_for_writing(Container().settings().postgres_dsn, name="telltale projections") as connection:
            found = list_projections(connection)
    except StoreUnavailable as error:
        raise CommandFailed(str(error), then="telltale status", code=ExitCode.NOT_REACHABLE) from error
    if json_output:
        print_json([*found])
    else:
        print_table(("read model", "build", "state", "lag", "behind", "rate", "at", "cause"), map(_row, found))
    if any(projection.state not in IN_ORDER for projection in found):
        raise typer.Exit(ExitCode.NO)


def _row(projection: ListedProjection) -> tuple[object, ...]:
    return (
        projection.read_model,
        f"{projection.build}" if projection.serves else f"{projection.build} (kept)",
        projection.state,
        _number(projection.lag_offsets, "{:,}"),
        _number(projection.lag_seconds, "{:,.1f} s"),
        _number(projection.records_per_second, "{:,.0f}/s"),
        projection.position,
        projection.cause,
    )


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
