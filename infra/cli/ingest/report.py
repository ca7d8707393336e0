"""What an ingest says: the survey of a dry run, the tally of a real one, and the rows that were refused."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import typer
from rich.markup import escape

from infra.cli.ingest.profile import ProfileSeen
from infra.cli.ingest.run import IngestOutcome
from infra.cli.output import print_json, print_table, say
from infra.exit_codes import ExitCode
from infra.sources.csv.csv_readings import RefusedRow
from infra.sources.csv.plan import ColumnPlan
from infra.sources.csv.shape import CsvShape
from infra.sources.csv.survey import ChannelFound, Survey

MOST_SHOWN: Final = 50
"""Refused rows that a person reads; --refused FILE keeps all of them."""

_SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def show_survey(
    shape: CsvShape,
    plan: ColumnPlan,
    found: Survey,
    seen: ProfileSeen,
    *,
    refused_file: Path | None,
    json_output: bool,
) -> None:
    """Say what a file holds; ends with exit code 1 when rows would be refused."""
    if json_output:
        print_json(
            {
                "file": shape.path,
                "separator": shape.separator,
                "decimal": shape.decimal,
                "encoding": shape.encoding,
                "profile": None if seen.profile is None else seen.profile.ref,
                "profile_checked": seen.checked,
                "time": {"column": plan.choice.time, "format": str(plan.time_format), "zone": str(plan.choice.zone)},
                "first": found.first,
                "last": found.last,
                "interval_s": found.interval_s,
                "channels": [_channel_json(channel) for channel in found.channels],
                "ignored": plan.left_out,
                "readings": found.readings,
                "sensors": [{"machine_id": machine, "sensor_id": sensor} for machine, sensor in sorted(found.sensors)],
                "refused": [_refused_json(row) for row in found.refused],
            }
        )
    else:
        _print_survey(shape, plan, found, seen)
    _end(found.refused, refused_file=refused_file, json_output=json_output)


def show_outcome(outcome: IngestOutcome, *, refused_file: Path | None, json_output: bool) -> None:
    """Say what became of a file's rows; ends with exit code 1 when rows were refused."""
    tally = outcome.tally
    if json_output:
        print_json(
            {
                "file": outcome.file,
                "profile": outcome.profile.ref,
                "profile_defined": outcome.defined,
                "appended": tally.appended,
                "duplicate": tally.duplicate,
                "refused": [_refused_json(row) for row in tally.refused],
                "model": None if outcome.model is None else str(outcome.model),
            }
        )
    else:
        say(
            f"[bold]{tally.appended:,}[/] appended as {outcome.profile.ref}, {tally.duplicate:,} there already, "
            f"{len(tally.refused):,} refused"
        )
        if tally.twice:
            say(f"{tally.twice:,} rows stand in an hour that the clock shows twice; taken as its first time")
    _end(tally.refused, refused_file=refused_file, json_output=json_output)


def _print_survey(shape: CsvShape, plan: ColumnPlan, found: Survey, seen: ProfileSeen) -> None:
    say(
        f"[bold]{escape(str(shape.path))}[/]  {_SEPARATORS.get(shape.separator, repr(shape.separator))}-separated, "
        f"decimal {'comma' if shape.decimal == ',' else 'point'}, {shape.encoding}"
    )
    say(f"  profile   {escape(seen.said)}")
    span = f"{found.first.isoformat()} to {found.last.isoformat()}" if found.first and found.last else "no readings"
    say(f"  time      {escape(plan.choice.time)}: {plan.time_format}, zone {plan.choice.zone}; {span}")
    say(f"  interval  {found.interval_s:g} s")
    say(f"  sensors   {_sensors_text(found)}")
    say(f"  rows      {found.readings:,} readings, {len(found.refused):,} refused; nothing was appended")
    print_table(
        ("column", "channel", "unit", "values", "minimum", "maximum"),
        [(one.column, one.channel, one.unit, f"{one.values:,}", *_range(one)) for one in found.channels],
    )


def _sensors_text(found: Survey) -> str:
    machines = {machine for machine, _ in found.sensors}
    names = ", ".join(f"{machine}/{sensor}" for machine, sensor in sorted(found.sensors)[:5])
    more = ", …" if len(found.sensors) > 5 else ""
    machines_text = "1 machine" if len(machines) == 1 else f"{len(machines)} machines"
    return escape(f"{len(found.sensors)} on {machines_text}: {names}{more}")


def _range(channel: ChannelFound) -> tuple[str, str]:
    return (f"{channel.minimum:g}", f"{channel.maximum:g}") if channel.values else ("", "")


def _channel_json(channel: ChannelFound) -> dict[str, object]:
    bounds = (channel.minimum, channel.maximum) if channel.values else (None, None)
    return {
        "column": channel.column,
        "channel": channel.channel,
        "unit": channel.unit,
        "values": channel.values,
        "minimum": bounds[0],
        "maximum": bounds[1],
    }


def _refused_json(row: RefusedRow) -> dict[str, object]:
    return {"file": row.file, "line": row.line, "column": row.column, "reason": row.reason}


def _end(refused: Sequence[RefusedRow], *, refused_file: Path | None, json_output: bool) -> None:
    if refused_file is not None:
        _write(refused, refused_file)
    if not refused:
        return
    if not json_output:
        for row in refused[:MOST_SHOWN]:
            where = f"column {row.column}: " if row.column else ""
            say(escape(f"{row.file}:{row.line}: {where}{row.reason}"))
        if len(refused) > MOST_SHOWN:
            kept = f"all are in {refused_file}" if refused_file else "--refused FILE writes all of them"
            say(escape(f"… and {len(refused) - MOST_SHOWN:,} more; {kept}"))
    raise typer.Exit(ExitCode.NO)


def _write(refused: Sequence[RefusedRow], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "line", "column", "reason"))
        writer.writerows((row.file, row.line, row.column, row.reason) for row in refused)
