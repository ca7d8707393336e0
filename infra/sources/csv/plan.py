"""Which column of a file is what: time, machine, sensor, labels, and the channels with their units."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from types import MappingProxyType
from typing import Final

from domain.profiles import Channel, ProfileDefined, Role
from infra.sources.csv.numbers import is_number
from infra.sources.csv.shape import CsvShape
from infra.sources.csv.timestamps import DateOrder, NoTimeFormat, TimeFormat, time_format_of

WIDEST: Final = 1e12
"""A channel that nobody bounded is plausible from -WIDEST to WIDEST, in any unit: later data must not be refused for a
guess. `telltale profiles define` states narrower bounds."""

_BRACKETED: Final = re.compile(r"(?P<name>.*\S)\s*[\[(](?P<unit>[^\[\]()]+)[\])]")
_SUFFIXES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "_celsius": "°C",
        "_degc": "°C",
        "_fahrenheit": "°F",
        "_kelvin": "K",
        "_kpa": "kPa",
        "_bar": "bar",
        "_psi": "psi",
        "_mm_s": "mm/s",
        "_rpm": "rpm",
        "_hz": "Hz",
        "_percent": "%",
        "_amps": "A",
        "_volts": "V",
        "_kw": "kW",
    }
)


class ColumnsDoNotFit(ValueError):
    """The file's columns can't be taken as asked; the message says which and what to say on the command line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChoice:
    """What a person said about the columns; names as in the file's header.

    channels: columns to take, as `COLUMN` or `COLUMN=CHANNEL`; none: every column that is nothing else.
    """

    time: str
    profile: str
    machine: str | None = None
    machine_id: str | None = None
    sensor: str | None = None
    sensor_id: str | None = None
    labels: str | None = None
    channels: Sequence[str] = ()
    ignore: Sequence[str] = ()
    zone: tzinfo
    date_order: DateOrder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPlan:
    """What every column is. `channels`: column to channel name; `units`: channel to unit, as the header says."""

    choice: ColumnChoice
    time_format: TimeFormat
    channels: Mapping[str, str]
    units: Mapping[str, str]
    machine_id: str | None
    sensor_id: str | None
    left_out: tuple[str, ...] = field(default=())

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that are read, each once."""
        named = (self.choice.time, self.choice.machine, self.choice.sensor, self.choice.labels, *self.channels)
        return tuple(dict.fromkeys(name for name in named if name is not None))

    def column_of(self, channel: str) -> str:
        """Return the column a channel comes from, or the name itself if it is no channel."""
        return next((column for column, name in self.channels.items() if name == channel), channel)


def plan_columns(shape: CsvShape, choice: ColumnChoice, profile: ProfileDefined | None) -> ColumnPlan:
    """Return what every column of the file is; `profile` is what is known already, None when it is new.

    Raises:
        ColumnsDoNotFit: a named column is not in the file, holds no numbers, or is no channel of the profile.
    """
    for name in (choice.time, choice.machine, choice.sensor, choice.labels, *choice.ignore):
        if name is not None:
            _must_exist(shape, name)
    channels, units = _channels(shape, choice)
    if profile is not None:
        channels = _in_profile(shape, channels, profile)
    for column in channels:
        _must_hold_numbers(shape, column)
    sensor_id = None if choice.sensor else choice.sensor_id or choice.machine_id
    machine_id = None if choice.machine else choice.machine_id or choice.sensor_id
    if not (choice.machine or machine_id or choice.sensor):
        machine_id = sensor_id = shape.path.stem
    return ColumnPlan(
        choice=choice,
        time_format=_time_format(shape, choice),
        channels=channels,
        units={channel: units[column] for column, channel in channels.items()},
        machine_id=machine_id,
        sensor_id=sensor_id,
        left_out=tuple(choice.ignore),
    )


def profile_from(plan: ColumnPlan, *, interval_s: float) -> tuple[tuple[Channel, ...], float]:
    """Return the channels and the interval of a profile that the file itself describes.

    Every channel responds (a file does not say what drives the machine) and is plausible from -WIDEST to WIDEST.
    """
    channels = tuple(
        Channel(name=channel, unit=plan.units[channel], role=Role.RESPONSE, minimum=-WIDEST, maximum=WIDEST)
        for channel in plan.channels.values()
    )
    return channels, interval_s


def name_and_unit(column: str) -> tuple[str, str]:
    """Return a header's channel name and unit: `flow [m³/h]`, `flow (m³/h)`, `temperature_celsius`; "" for no unit."""
    if found := _BRACKETED.fullmatch(column):
        return found["name"], found["unit"].strip()
    for suffix, unit in _SUFFIXES.items():
        if column.lower().endswith(suffix) and len(column) > len(suffix):
            return column[: -len(suffix)], unit
    return column, ""


def _channels(shape: CsvShape, choice: ColumnChoice) -> tuple[dict[str, str], dict[str, str]]:
    """Return the channel and the unit of every column that is one."""
    if choice.channels:
        named = dict(text.partition("=")[::2] for text in choice.channels)
        for column in named:
            _must_exist(shape, column)
    else:
        others = {choice.time, choice.machine, choice.sensor, choice.labels, *choice.ignore, ""}
        named = dict.fromkeys((column for column in shape.header if column not in others), "")
    split = {column: name_and_unit(column) for column in named}
    channels = {column: name or split[column][0] for column, name in named.items()}
    for column, channel in channels.items():
        if list(channels.values()).count(channel) > 1:
            raise ColumnsDoNotFit(f"two columns would be channel {channel!r}: say --channels {column!r}=OTHER-NAME,…")
    if not channels:
        raise ColumnsDoNotFit(f"{shape.path}: no column is left to be a channel")
    return channels, {column: unit for column, (_, unit) in split.items()}


def _in_profile(shape: CsvShape, channels: Mapping[str, str], profile: ProfileDefined) -> dict[str, str]:
    """Return the channels under the profile's names: a header's full text may be one too."""
    fitting = {column: column if column in profile.channel_names else channel for column, channel in channels.items()}
    strange = [column for column, channel in fitting.items() if channel not in profile.channel_names]
    if strange:
        raise ColumnsDoNotFit(
            f"{shape.path}: no channel of {profile.ref} is called {', '.join(map(repr, strange))}; its channels are "
            f"{', '.join(profile.channel_names)}. Leave columns out with --ignore {','.join(strange)}, name them with "
            "--channels COLUMN=CHANNEL,… or define a new version with telltale profiles define"
        )
    return fitting


def _time_format(shape: CsvShape, choice: ColumnChoice) -> TimeFormat:
    try:
        return time_format_of(shape.sample_of(choice.time), order=choice.date_order)
    except NoTimeFormat as error:
        raise ColumnsDoNotFit(f"{shape.path}: column {choice.time!r}: {error}") from error


def _must_exist(shape: CsvShape, column: str) -> None:
    if column not in shape.header:
        raise ColumnsDoNotFit(f"{shape.path} has no column {column!r}; its columns are {', '.join(shape.header)}")


def _must_hold_numbers(shape: CsvShape, column: str) -> None:
    sample = shape.sample_of(column)
    if shape.sample and not any(map(is_number, sample)):
        holds = f"text such as {sample[0][:40]!r}" if sample else "nothing in the first rows"
        raise ColumnsDoNotFit(f"{shape.path}: column {column!r} holds {holds}, no numbers; say --ignore {column!r}")
