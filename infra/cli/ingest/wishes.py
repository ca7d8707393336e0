"""What a person says about files, as options of a command or as a mapping.toml, which name the same things."""

import re
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.parser import ParserError, isoparse

from infra.cli.output import CommandFailed
from infra.exit_codes import ExitCode
from infra.sources.csv.text_table import Said
from infra.sources.files.columns_do_not_fit import ColumnsDoNotFit
from infra.sources.files.plan import ColumnChoice
from infra.sources.files.reading import FormChoice
from infra.sources.times.written import DateOrder

_TAB: Final = {"\\t": "\t", "tab": "\t"}
_UNITS_S: Final = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "min": 60.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Options of `telltale ingest`, each as its text; None where nothing was said."""

    time: str | None = None
    time_format: str | None = None
    date_order: str | None = None
    timezone: str | None = None
    start: str | None = None
    every: str | None = None
    profile: str | None = None
    machine: str | None = None
    machine_id: str | None = None
    sensor: str | None = None
    sensor_id: str | None = None
    channels: str | None = None
    ignore: str | None = None
    labels: str | None = None
    missing: str | None = None
    states: str | None = None
    long: str | None = None
    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    header: str | None = None
    sheet: str | None = None
    any_time: bool = False

    def over(self, other: "Wishes") -> "Wishes":
        """Return these wishes, and where they say nothing the other's."""
        empty = Wishes()
        said = {one.name: getattr(self, one.name) for one in fields(self)}
        return replace(other, **{name: value for name, value in said.items() if value != getattr(empty, name)})

    def advised(self, advice: Mapping[str, str]) -> "Wishes":
        """Return the wishes with what was advised added: to a list at its end, else in its place."""
        lists = {"ignore", "missing", "states", "channels"}
        added = {
            name: f"{old},{text}" if name in lists and (old := getattr(self, name)) else text
            for name, text in advice.items()
        }
        return replace(self, **added)  # type: ignore[arg-type]

    def command(self, files: Sequence[str]) -> str:
        """Return the command line that says this."""
        words = ["telltale", "ingest", *files]
        for one in fields(self):
            value = getattr(self, one.name)
            flag = f"--{one.name.replace('_', '-')}"
            if one.name == "long" and value:
                words += [flag, *re.split(r"\s+(?=(?:value|unit|quality)=)", value)]
            elif value is True:
                words.append(flag)
            elif value:
                words += [flag, value]
        return shlex.join(words)

    def toml(self) -> str:
        """Return the mapping file that says this."""
        lines = ["# What the columns of a file are: telltale ingest FILE --mapping THIS\n"]
        for one in fields(self):
            value = getattr(self, one.name)
            if value is True:
                lines.append(f"{one.name} = true\n")
            elif value:
                escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
                lines.append(f'{one.name} = "{escaped}"\n')
        return "".join(lines)

    def form(self) -> FormChoice:
        """Return what is said about the files' form."""
        header = self.header
        if header is not None and not (header.isdigit() and int(header) > 0):
            raise ColumnsDoNotFit(f"--header {header!r}: write the line with the names, counted from 1")
        if self.decimal not in {None, ",", "."}:
            raise ColumnsDoNotFit(f"--decimal {self.decimal!r}: write , or .")
        separator = self.separator
        return FormChoice(
            text=Said(
                separator=_TAB.get(separator, separator) if separator else None,
                encoding=self.encoding,
                decimal=self.decimal,
                header_line=int(header) if header else None,
            ),
            sheet=self.sheet,
            long=None if self.long == "no" else self.long,
            wide=self.long == "no",
        )

    def columns(self, profile: str) -> ColumnChoice:
        """Return what is said about the columns."""
        for column, fixed, name in (
            (self.machine, self.machine_id, "machine"),
            (self.sensor, self.sensor_id, "sensor"),
        ):
            if column is not None and fixed is not None:
                raise ColumnsDoNotFit(f"--{name} names a column and --{name}-id the one {name}: say one of them")
        zone = zone_of(self.timezone or "UTC")
        if self.every is not None and self.start is None:
            raise ColumnsDoNotFit("--every needs --start, the moment of the first row")
        return ColumnChoice(
            time=self.time,
            profile=profile,
            machine=self.machine,
            machine_id=self.machine_id,
            sensor=self.sensor,
            sensor_id=self.sensor_id,
            labels=self.labels,
            channels=_names(self.channels),
            ignore=_names(self.ignore),
            zone=zone,
            date_order=_order(self.date_order),
            time_format=self.time_format,
            start=None if self.start is None else _moment(self.start, zone),
            every=None if self.every is None else _duration(self.every),
            missing=_names(self.missing),
            states=_states(self.states),
        )


def read_mapping(path: Path) -> Wishes:
    """Return the wishes of a mapping file.

    Raises:
        ColumnsDoNotFit: it is no TOML, or says something that no option says.
        OSError: it can't be opened.
    """
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ColumnsDoNotFit(f"{path}: {error}") from error
    known = {one.name for one in fields(Wishes)}
    if strange := set(plain) - known:
        raise ColumnsDoNotFit(
            f"{path}: {', '.join(sorted(strange))} is not understood; there are {', '.join(sorted(known))}"
        )
    for name, value in plain.items():
        if not isinstance(value, bool if name == "any_time" else str):
            raise ColumnsDoNotFit(f"{path}: {name} must be {'true or false' if name == 'any_time' else 'a text'}")
    return Wishes(**plain)


def zone_of(name: str) -> tzinfo:
    """Return the time zone of a name."""
    if name.upper() in {"UTC", "Z"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CommandFailed(
            f"{name!r} is no time zone", then="write one such as Europe/Berlin, or UTC", code=ExitCode.USAGE
        ) from error


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def _order(text: str | None) -> DateOrder | None:
    if text is None:
        return None
    if text not in set(DateOrder):
        raise ColumnsDoNotFit(f"--date-order {text!r}: write {', '.join(DateOrder)}")
    return DateOrder(text)


def _moment(text: str, zone: tzinfo) -> datetime:
    try:
        moment = isoparse(text.replace(" ", "T"))
    except (ParserError, ValueError) as error:
        raise ColumnsDoNotFit(f"--start {text!r}: write a moment such as 2026-03-09T10:00:00Z") from error
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zµ]+)\s*", text)
    if not found or found[2] not in _UNITS_S or float(found[1]) <= 0:
        raise ColumnsDoNotFit(f"--every {text!r}: write a time such as 10ms, 1s, 5min, 1h")
    return timedelta(seconds=float(found[1]) * _UNITS_S[found[2]])


def _states(text: str | None) -> dict[str, float]:
    states = {}
    for pair in _names(text):
        word, _, number = pair.rpartition("=")
        try:
            states[word.strip()] = float(number)
        except ValueError as error:
            raise ColumnsDoNotFit(f"--states {pair!r}: write WORD=NUMBER, such as on=1,off=0") from error
        if not word.strip():
            raise ColumnsDoNotFit(f"--states {pair!r}: write WORD=NUMBER, such as on=1,off=0")
    return states
