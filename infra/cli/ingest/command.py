"""`telltale ingest FILE`: readings of files into the log, once."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import typer.core

from infra.cli.ingest.report import show_outcome, show_survey
from infra.cli.ingest.run import Request, run_ingest
from infra.cli.ingest.teacher import teach
from infra.cli.ingest.wishes import Wishes, read_mapping
from infra.cli.models.families import known_family
from infra.cli.output import CommandFailed, JsonOption
from infra.exit_codes import ExitCode
from infra.sources.files.columns_do_not_fit import ColumnsDoNotFit
from infra.sources.files.opening import DAMAGED, NotATable
from infra.sources.files.pieces import pieces_of
from infra.sources.times.moments import Plausible
from infra.sources.times.written import DateOrder
from ml.families import FAMILIES

_LONG_PARTS: Final = ("name=", "value=", "unit=", "quality=")


class FilesAtOnce(typer.core.TyperGroup):
    """A group in which `ingest FILE` means `ingest csv FILE`, and `--long` takes several words."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command's name in front where a file or an option comes first."""
        if args and args[0] not in self.commands and args[0] not in {"-h", "--help"}:
            args = ["csv", *args]
        return super().parse_args(ctx, _long_together(args))


app = typer.Typer(cls=FilesAtOnce, no_args_is_help=True, help="Append readings from files.")


@app.callback()
def ingest() -> None:
    """Append readings from files of any form: telltale ingest FILE --dry-run says how to go on."""


@app.command("csv")
def csv_file(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…", help="Text, packed or not, Parquet, Arrow, spreadsheet; a folder, a pattern, or -."
        ),
    ],
    *,
    time: Annotated[str | None, typer.Option(help="Column with the time; two joined by +. Found by itself.")] = None,
    time_format: Annotated[
        str | None, typer.Option(help="s, ms, us, ns, excel, or a pattern such as %d.%m.%Y %H:%M.")
    ] = None,
    date_order: Annotated[DateOrder | None, typer.Option(help="Where day and month can't be told apart.")] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Zone of times that name none, such as Europe/Berlin; UTC.")
    ] = None,
    start: Annotated[
        str | None, typer.Option(help="Moment of the first row, or that the time column counts from.")
    ] = None,
    every: Annotated[str | None, typer.Option(help="From row to row, such as 10ms, where no column has times.")] = None,
    any_time: Annotated[bool, typer.Option("--any-time", help="Take times before 2000 and far ahead too.")] = False,
    profile: Annotated[
        str | None, typer.Option(help="Kind of machine; defined from the header when it is new.")
    ] = None,
    machine: Annotated[str | None, typer.Option(help="Column with the machine.")] = None,
    machine_id: Annotated[str | None, typer.Option(help="The one machine of the file; else the file's name.")] = None,
    sensor: Annotated[str | None, typer.Option(help="Column with the sensor; else the machine is the sensor.")] = None,
    sensor_id: Annotated[str | None, typer.Option(help="The one sensor of the file.")] = None,
    channels: Annotated[
        str | None, typer.Option(help="Columns to take: COLUMN or COLUMN=CHANNEL, joined by commas.")
    ] = None,
    ignore: Annotated[str | None, typer.Option(help="Columns to leave out, joined by commas.")] = None,
    labels: Annotated[str | None, typer.Option(help="Column with the ground truth; never a feature.")] = None,
    missing: Annotated[
        str | None, typer.Option(help="Words and numbers that say not measured, beside the usual ones.")
    ] = None,
    states: Annotated[str | None, typer.Option(help="Words that are numbers, such as on=1,off=0.")] = None,
    long: Annotated[
        str | None, typer.Option(help="A row per channel: name=COLUMN value=COLUMN; no, where it only looks so.")
    ] = None,
    separator: Annotated[str | None, typer.Option(help="Between cells; found by itself. A tab is tab.")] = None,
    decimal: Annotated[str | None, typer.Option(help="Decimal mark, , or .; found by itself.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Such as cp1252; found by itself.")] = None,
    header: Annotated[str | None, typer.Option(help="Line with the names, counted from 1; found by itself.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a spreadsheet.")] = None,
    mapping: Annotated[Path | None, typer.Option(help="A mapping.toml; options here come before it.")] = None,
    write_mapping: Annotated[
        Path | None, typer.Option(help="With --dry-run: write the answers found to this file.")
    ] = None,
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
    refused: Annotated[Path | None, typer.Option(help="Write every refused row and cell to this CSV file.")] = None,
    json_output: JsonOption = False,
) -> None:
    """Append the readings of files; the same file twice adds nothing, an interrupted one goes on.

    Ends with 0 when every row is in the log, with 1 when rows or cells were refused (they are listed; everything else
    is in), with 2 when something has to be said first and nothing was appended, with 130 when interrupted.

    Example: telltale ingest pump.csv --dry-run
    """
    said = Wishes(
        time=time,
        time_format=time_format,
        date_order=date_order,
        timezone=timezone,
        start=start,
        every=every,
        profile=profile,
        machine=machine,
        machine_id=machine_id,
        sensor=sensor,
        sensor_id=sensor_id,
        channels=channels,
        ignore=ignore,
        labels=labels,
        missing=missing,
        states=states,
        long=long,
        separator=separator,
        decimal=decimal,
        encoding=encoding,
        header=header,
        sheet=sheet,
        any_time=any_time,
    )
    with _usage_errors(), pieces_of(files, sys.stdin.buffer) as paths:
        wishes = said if mapping is None else said.over(read_mapping(mapping))
        plausible = Plausible(datetime.now(UTC), any_time=wishes.any_time)
        if dry_run:
            lesson = teach(files, paths, wishes, plausible)
            if write_mapping is not None:
                write_mapping.write_text(lesson.wishes.toml(), encoding="utf-8")
            show_survey(lesson, refused_file=refused, json_output=json_output)
            return
        if wishes.profile is None:
            raise ColumnsDoNotFit(
                f"no profile is named: say --profile NAME; telltale ingest {' '.join(files)} --dry-run writes out the "
                "whole command"
            )
        request = Request(paths=paths, wishes=wishes, plausible=plausible, detector=detector, train_first=train_first)
        outcome = run_ingest(request, refused_file=refused)
    show_outcome(outcome, refused_file=refused, json_output=json_output)


@contextmanager
def _usage_errors() -> Iterator[None]:
    try:
        yield
    except (NotATable, ColumnsDoNotFit, OSError, *DAMAGED) as error:
        raise CommandFailed(str(error), code=ExitCode.USAGE) from error


def _long_together(args: list[str]) -> list[str]:
    """Return the words with what follows `--long` as one."""
    joined: list[str] = []
    for word in args:
        open_ = len(joined) > 1 and joined[-2] == "--long" and joined[-1].startswith(_LONG_PARTS)
        if open_ and word.startswith(_LONG_PARTS):
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    return joined
