"""`telltale ingest csv`: a file's readings into the log, once."""

from datetime import UTC, tzinfo
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from infra.cli.ingest.profile import profile_seen
from infra.cli.ingest.report import show_outcome, show_survey
from infra.cli.ingest.run import Source, run_ingest
from infra.cli.models.families import known_family
from infra.cli.output import CommandFailed, JsonOption
from infra.exit_codes import ExitCode
from infra.sources.csv.plan import ColumnChoice, ColumnsDoNotFit, plan_columns
from infra.sources.csv.shape import NotACsv, shape_of
from infra.sources.csv.survey import survey
from infra.sources.csv.timestamps import DateOrder
from ml.families import FAMILIES

app = typer.Typer(no_args_is_help=True, help="Append readings from files.")

_TAB: Final = {"\\t": "\t", "tab": "\t"}


@app.callback()
def ingest() -> None:
    """Append readings from files."""


@app.command("csv")
def csv_file(
    file: Annotated[Path, typer.Argument(help="A CSV file with a header; a row is a reading, a column a channel.")],
    *,
    time: Annotated[str, typer.Option(help="Column with the time: epoch seconds, ms or µs, ISO 8601, or dates.")],
    profile: Annotated[str, typer.Option(help="Kind of machine; defined from the header when it is new.")],
    timezone: Annotated[str, typer.Option(help="Zone of times that name none, such as Europe/Berlin.")] = "UTC",
    machine: Annotated[str | None, typer.Option(help="Column with the machine.")] = None,
    machine_id: Annotated[str | None, typer.Option(help="The one machine of the file; else the file's name.")] = None,
    sensor: Annotated[str | None, typer.Option(help="Column with the sensor; else the machine is the sensor.")] = None,
    sensor_id: Annotated[str | None, typer.Option(help="The one sensor of the file.")] = None,
    channels: Annotated[str, typer.Option(help="Columns to take: COLUMN or COLUMN=CHANNEL, joined by commas.")] = "",
    ignore: Annotated[str, typer.Option(help="Columns to leave out, joined by commas.")] = "",
    separator: Annotated[str | None, typer.Option(help="Between cells; found by itself. A tab is tab.")] = None,
    labels: Annotated[str | None, typer.Option(help="Column with the ground truth; never a feature.")] = None,
    date_order: Annotated[DateOrder | None, typer.Option(help="Where day and month can't be told apart.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go in; needs nothing running.")] = False,
    train_first: Annotated[
        int | None, typer.Option(min=1, help="Append N readings, train, promote, wait for the scorer, append the rest.")
    ] = None,
    detector: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(FAMILIES),
            callback=known_family,
            help="What --train-first trains; else a panel on 400 readings per machine, an isolation_forest on fewer.",
        ),
    ] = None,
    refused: Annotated[Path | None, typer.Option(help="Write every refused row to this CSV file.")] = None,
    json_output: JsonOption = False,
) -> None:
    """Append a file's readings; the same file twice adds nothing, an interrupted one goes on.

    Ends with 0 when every row is in the log, with 1 when rows were refused (they are listed; the others are in), with
    130 when interrupted.

    Example: telltale ingest csv pump.csv --time timestamp --machine-id pump-07 --profile pump --ignore note --dry-run
    """
    choice = ColumnChoice(
        time=time,
        profile=profile,
        machine=machine,
        machine_id=machine_id,
        sensor=sensor,
        sensor_id=sensor_id,
        labels=labels,
        channels=_names(channels),
        ignore=_names(ignore),
        zone=_zone(timezone),
        date_order=date_order,
    )
    try:
        _check_choice(choice)
        shape = shape_of(file, separator=_TAB.get(separator, separator) if separator else None)
        if dry_run:
            seen = profile_seen(choice.profile)
            plan = plan_columns(shape, choice, seen.profile)
            found = survey(shape, plan, seen.profile)
            show_survey(shape, plan, found, seen, refused_file=refused, json_output=json_output)
            return
        outcome = run_ingest(Source(shape, choice, detector), train_first=train_first)
    except (NotACsv, ColumnsDoNotFit, OSError) as error:
        raise CommandFailed(str(error), code=ExitCode.USAGE) from error
    show_outcome(outcome, refused_file=refused, json_output=json_output)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _zone(name: str) -> tzinfo:
    if name.upper() in {"UTC", "Z"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CommandFailed(
            f"{name!r} is no time zone", then="write one such as Europe/Berlin, or UTC", code=ExitCode.USAGE
        ) from error


def _check_choice(choice: ColumnChoice) -> None:
    for column, fixed, name in (
        (choice.machine, choice.machine_id, "machine"),
        (choice.sensor, choice.sensor_id, "sensor"),
    ):
        if column is not None and fixed is not None:
            raise ColumnsDoNotFit(f"--{name} names a column and --{name}-id the one {name}: say one of them")
