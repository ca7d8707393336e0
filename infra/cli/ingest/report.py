"""What an ingest says: the lesson of a dry run, the tally of a real one, and what was refused."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import typer
from rich.markup import escape

from infra.cli.ingest.run import IngestOutcome
from infra.cli.ingest.teacher import Lesson
from infra.cli.output import print_json, print_table, say
from infra.exit_codes import ExitCode
from infra.sources.files.plan import suggested_role
from infra.sources.files.read_rows import Counts, RefusedRow
from infra.sources.files.survey import ChannelFound, Survey

MOST_SHOWN: Final = 50
"""Refused rows that a person reads; --refused FILE keeps all of them."""


def show_survey(lesson: Lesson, *, refused_file: Path | None, json_output: bool) -> None:
    """Say what files hold; ends with exit code 1 when rows or cells would be refused."""
    found = lesson.survey
    if json_output:
        print_json(_survey_json(lesson))
    else:
        _print_survey(lesson)
    if refused_file is not None:
        _write(found.refused, refused_file)
    _end(found.refused, found.refused_rows + found.refused_cells, refused_file=refused_file, json_output=json_output)


def show_outcome(outcome: IngestOutcome, *, refused_file: Path | None, json_output: bool) -> None:
    """Say what became of files' rows; ends with exit code 1 when rows or cells were refused."""
    tally = outcome.tally
    if json_output:
        print_json(
            {
                "file": outcome.file,
                "profile": outcome.profile.ref,
                "profile_defined": outcome.defined,
                "appended": tally.appended,
                "duplicate": tally.duplicate,
                "empty": tally.counts.empty,
                "missing_cells": tally.counts.missing,
                "equal_times": tally.equal_times,
                "twice_shown_hours": {"first": tally.counts.first, "second": tally.counts.second},
                "refused_rows": tally.refused_rows,
                "refused_cells": tally.refused_cells,
                "refused": [_refused_json(row) for row in tally.refused],
                "model": None if outcome.model is None else str(outcome.model),
            }
        )
    else:
        say(
            f"[bold]{tally.appended:,}[/] appended as {outcome.profile.ref}, {tally.duplicate:,} there already, "
            f"{tally.refused_rows:,} refused"
        )
        for line in _notes(tally.counts, equal_times=tally.equal_times, refused_cells=tally.refused_cells):
            say(line)
    _end(tally.refused, tally.refused_rows + tally.refused_cells, refused_file=refused_file, json_output=json_output)


def _notes(counts: Counts, *, equal_times: int, refused_cells: int) -> list[str]:
    """Return what was met among the rows, a line for each kind there is."""
    lines = []
    if counts.missing:
        lines.append(f"{counts.missing:,} cells say that nothing was measured: those channels are empty there")
    if counts.empty:
        lines.append(f"{counts.empty:,} rows measure nothing: no reading")
    if refused_cells:
        lines.append(f"{refused_cells:,} cells were refused; the other channels of their rows are kept")
    if equal_times:
        lines.append(f"{equal_times:,} readings stand at the time of the one before: all are kept")
    if counts.first or counts.second:
        lines.append(
            f"{counts.first + counts.second:,} rows stand in an hour that the clock shows twice: by the file's order "
            f"{counts.first:,} are its first time, {counts.second:,} its second"
        )
    return lines


def _print_survey(lesson: Lesson) -> None:
    found = lesson.survey
    for source in lesson.understood.sources:
        say(f"[bold]{escape(str(source.table.path))}[/]  {escape(source.table.form)}")
    for step in lesson.steps:
        say(f"  added     {escape(step)}")
    plan = lesson.understood.sources[0].plan
    form = plan.time_form or f"every {plan.choice.every}"
    say(f"  profile   {escape(lesson.seen.said)}")
    span = f"{found.first.isoformat()} to {found.last.isoformat()}" if found.first and found.last else "no readings"
    say(f"  time      {escape(f'{plan.time_column}: {form}, zone {plan.choice.zone}; {span}')}")
    gaps = f"; {found.gaps:,} gaps, the longest {found.longest_gap_s:g} s" if found.gaps else ""
    back = f"; {found.backwards:,} rows before the one before" if found.backwards else ""
    say(f"  interval  {found.interval_s:g} s{gaps}{back}")
    say(f"  sensors   {_sensors_text(found)}")
    say(f"  rows      {found.readings:,} readings, {found.refused_rows:,} refused; nothing was appended")
    for line in _notes(found.counts, equal_times=found.equal_times, refused_cells=found.refused_cells):
        say(f"            {line}")
    if left := dict.fromkeys(name for source in lesson.understood.sources for name in source.plan.left_out):
        say(f"  left out  {escape(', '.join(left))}")
    print_table(
        ("column", "channel", "unit", "role?", "values", "missing", "minimum", "median", "maximum", "every", "remark"),
        [_row(one, found) for one in found.channels],
    )
    for other in lesson.alternatives:
        say(f"  {escape(other.because)}: {escape(other.outcome)}")
        say(f"    {escape(other.wishes.command(lesson.files))}")
    say("  to bring it in:")
    say(f"    {escape(lesson.command)}")


def _row(one: ChannelFound, found: Survey) -> tuple[str, ...]:
    share = 1 - one.values / found.readings if found.readings else 0.0
    numbers = [f"{value:g}" if math.isfinite(value) else "" for value in (one.minimum, one.median, one.maximum)]
    every = f"{one.interval_s:g} s" if math.isfinite(one.interval_s) else ""
    return (
        one.column,
        one.channel,
        one.unit,
        str(suggested_role(one.channel)),
        f"{one.values:,}",
        f"{share:.1%}",
        *numbers,
        every,
        _remark(one),
    )


def _remark(one: ChannelFound) -> str:
    if not one.values:
        return "never measured"
    if one.constant:
        return "constant: left out of training"
    return "; ".join(f"{value:g} in {count:,} cells, far from the rest" for value, count in one.suspicious)


def _sensors_text(found: Survey) -> str:
    machines = {machine for machine, _ in found.sensors}
    names = ", ".join(f"{machine}/{sensor}" for machine, sensor in sorted(found.sensors)[:5])
    more = ", …" if len(found.sensors) > 5 else ""
    machines_text = "1 machine" if len(machines) == 1 else f"{len(machines)} machines"
    return escape(f"{len(found.sensors)} on {machines_text}: {names}{more}")


def _survey_json(lesson: Lesson) -> dict[str, object]:
    found, plan = lesson.survey, lesson.understood.sources[0].plan
    profile = lesson.seen.profile
    return {
        "files": [{"file": source.table.path, "form": source.table.form} for source in lesson.understood.sources],
        "profile": None if profile is None else profile.ref,
        "profile_checked": lesson.seen.checked,
        "time": {
            "column": plan.time_column,
            "format": str(plan.time_form or f"every {plan.choice.every}"),
            "zone": str(plan.choice.zone),
        },
        "first": found.first,
        "last": found.last,
        "interval_s": found.interval_s,
        "gaps": found.gaps,
        "longest_gap_s": found.longest_gap_s,
        "backwards": found.backwards,
        "equal_times": found.equal_times,
        "twice_shown_hours": {"first": found.counts.first, "second": found.counts.second},
        "channels": [_channel_json(channel, found) for channel in found.channels],
        "left_out": sorted({name for source in lesson.understood.sources for name in source.plan.left_out}),
        "readings": found.readings,
        "empty": found.counts.empty,
        "missing_cells": found.counts.missing,
        "sensors": [{"machine_id": machine, "sensor_id": sensor} for machine, sensor in sorted(found.sensors)],
        "refused_rows": found.refused_rows,
        "refused_cells": found.refused_cells,
        "refused": [_refused_json(row) for row in found.refused],
        "added": list(lesson.steps),
        "alternatives": [
            {"because": other.because, "outcome": other.outcome, "command": other.wishes.command(lesson.files)}
            for other in lesson.alternatives
        ],
        "command": lesson.command,
    }


def _channel_json(channel: ChannelFound, found: Survey) -> dict[str, object]:
    plain = {
        "minimum": channel.minimum,
        "median": channel.median,
        "maximum": channel.maximum,
        "interval_s": channel.interval_s,
    }
    return {
        "column": channel.column,
        "channel": channel.channel,
        "unit": channel.unit,
        "role": str(suggested_role(channel.channel)),
        "values": channel.values,
        "missing": 1 - channel.values / found.readings if found.readings else 0.0,
        **{name: value if math.isfinite(value) else None for name, value in plain.items()},
        "constant": channel.constant,
        "suspicious": [{"value": value, "cells": count} for value, count in channel.suspicious],
    }


def _refused_json(row: RefusedRow) -> dict[str, object]:
    return {"file": row.file, "line": row.line, "column": row.column, "reason": row.reason, "row_lost": row.whole}


def _end(refused: Sequence[RefusedRow], count: int, *, refused_file: Path | None, json_output: bool) -> None:
    if not count:
        return
    if not json_output:
        for row in refused[:MOST_SHOWN]:
            where = f"column {row.column}: " if row.column else ""
            say(escape(f"{row.file}:{row.line}: {where}{row.reason}"))
        if count > MOST_SHOWN:
            kept = f"all are in {refused_file}" if refused_file else "--refused FILE writes all of them"
            say(escape(f"… and {count - MOST_SHOWN:,} more; {kept}"))
    raise typer.Exit(ExitCode.NO)


def _write(refused: Sequence[RefusedRow], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "line", "column", "reason"))
        writer.writerows((row.file, row.line, row.column, row.reason) for row in refused)
