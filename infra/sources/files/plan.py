"""Which column of a file is what: time, machine, sensor, labels, and the channels with their units."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from domain.profiles import Channel, ProfileDefined, Role
from infra.sources.csv.numbers import CellRules, cell_rules
from infra.sources.files.columnar import as_texts
from infra.sources.files.columns_do_not_fit import ColumnsDoNotFit
from infra.sources.files.roles import role_of
from infra.sources.files.table import Table
from infra.sources.files.text_columns import MACHINE, SENSOR, must_hold_numbers
from infra.sources.files.time_columns import TimeColumns, find_time, joined
from infra.sources.times.counted import EPOCHS
from infra.sources.times.identify import time_form_of
from infra.sources.times.moments import Plausible
from infra.sources.times.parsed import NoTimeForm, TimeForm
from infra.sources.times.written import DateOrder
from infra.sources.units import name_and_unit

WIDEST: Final = 1e12
"""A channel that nobody bounded is plausible from -WIDEST to WIDEST, in any unit: later data must not be refused for a
guess. `telltale profiles define` states narrower bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChoice:
    """What a person said about the columns; names as in the file's header.

    time: a column, or several joined by +, whose cells are joined by a blank; None: the one that holds times. channels:
    columns to take, as `COLUMN` or `COLUMN=CHANNEL`; none: every column that is nothing else. start: the moment of the
    first row, or the one that the time column counts from. every: from one row to the next, where no column has times.
    """

    time: str | None = None
    profile: str
    machine: str | None = None
    machine_id: str | None = None
    sensor: str | None = None
    sensor_id: str | None = None
    labels: str | None = None
    channels: Sequence[str] = ()
    ignore: Sequence[str] = ()
    zone: tzinfo = UTC
    date_order: DateOrder | None = None
    time_format: str | None = None
    start: datetime | None = None
    every: timedelta | None = None
    missing: Sequence[str] = ()
    states: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPlan:
    """What every column is.

    time: columns whose cells, joined by a blank, are the time; none when rows follow each other `choice.every`.
    channels: column, or the name in the naming column of a long table, to channel; units: channel to unit, as the file
    says; roles: channel to the role that its name suggests.
    """

    choice: ColumnChoice
    time: TimeColumns
    time_form: TimeForm | None
    channels: Mapping[str, str]
    units: Mapping[str, str]
    cells: CellRules
    machine: str | None
    machine_id: str | None
    sensor: str | None
    sensor_id: str | None
    left_out: tuple[str, ...] = field(default=())

    @property
    def time_column(self) -> str:
        """Return the name under which people know the time's column."""
        return "+".join(self.time) or "row number"

    def column_of(self, channel: str) -> str:
        """Return the column a channel comes from, or the name itself if it is no channel."""
        return next((column for column, name in self.channels.items() if name == channel), channel)


def plan_columns(
    table: Table, choice: ColumnChoice, profile: ProfileDefined | None, *, plausible: Plausible
) -> ColumnPlan:
    """Return what every column of the file is; `profile` is what is known already, None when it is new.

    Raises:
        ColumnsDoNotFit: a named column is not in the file, holds no numbers, or is no channel of the profile; or the
            time can't be told.
    """
    try:
        time = find_time(table, choice.time, plausible=plausible, every=choice.every is not None)
    except NoTimeForm as error:
        raise ColumnsDoNotFit(str(error)) from error
    ignored = choice.ignore if table.long is None else ()
    for name in (*time, choice.machine, choice.sensor, choice.labels, *ignored):
        if name is not None:
            must_exist(table, name)
    machine, sensor = _places(table, choice)
    cells = cell_rules(missing=choice.missing, states=choice.states).with_decimal(table.decimal)
    channels, units, left_out = _channels(table, choice, time=time, places=(machine, sensor))
    if profile is not None:
        channels, units = _in_profile(table, channels, units, profile)
    if table.long is None:
        for column in channels:
            must_hold_numbers(table, column, cells)
    sensor_id = None if sensor else choice.sensor_id or choice.machine_id
    machine_id = None if machine else choice.machine_id or choice.sensor_id
    if not (machine or machine_id or sensor):
        machine_id = table.machine_id or _stem(table)
        sensor_id = sensor_id or machine_id
    return ColumnPlan(
        choice=choice,
        time=time,
        time_form=_time_form(table, choice, time, plausible) if time else None,
        channels=channels,
        units={channel: units[column] for column, channel in channels.items()},
        cells=cells,
        machine=machine,
        machine_id=machine_id,
        sensor=sensor,
        sensor_id=sensor_id,
        left_out=left_out,
    )


def profile_from(plan: ColumnPlan, *, interval_s: float) -> tuple[tuple[Channel, ...], float]:
    """Return the channels and the interval of a profile that the file itself describes.

    Every channel responds (a file does not say what drives the machine; the dry run says which names sound so) and is
    plausible from -WIDEST to WIDEST.
    """
    channels = tuple(
        Channel(name=channel, unit=plan.units[channel], role=Role.RESPONSE, minimum=-WIDEST, maximum=WIDEST)
        for channel in plan.channels.values()
    )
    return channels, interval_s


def must_exist(table: Table, column: str) -> None:
    """Return if the table has a column of that name.

    Raises:
        ColumnsDoNotFit: it has none.
    """
    if column not in table.columns:
        raise ColumnsDoNotFit(f"{table.path} has no column {column!r}; its columns are {', '.join(table.columns)}")


def suggested_role(channel: str) -> Role:
    """Return the role that a channel's name suggests."""
    return role_of(channel)


def _stem(table: Table) -> str:
    return table.path.name.partition(".")[0] or table.path.name


def _places(table: Table, choice: ColumnChoice) -> tuple[str | None, str | None]:
    """Return the columns of machine and sensor: those that a person named, else what an export's tags are."""
    machine, sensor = choice.machine, choice.sensor
    tags = [tag for tag in table.tags if tag not in {*choice.ignore, machine, sensor}]
    if machine is None and choice.machine_id is None and tags:
        likely = [tag for tag in tags if MACHINE.fullmatch(tag)] or tags
        if len(likely) > 1:
            several = [tag for tag in likely if len(set(table.sample_of(tag))) > 1]
            if len(several) != 1:
                raise ColumnsDoNotFit(f"{table.path}: which tag names the machine? say --machine {' or '.join(likely)}")
            likely = several
        machine = likely[0]
    if sensor is None and choice.sensor_id is None:
        sensor = next((tag for tag in tags if tag != machine and SENSOR.fullmatch(tag)), None)
    return machine, sensor


def _channels(
    table: Table, choice: ColumnChoice, *, time: TimeColumns, places: tuple[str | None, str | None]
) -> tuple[dict[str, str], dict[str, str], tuple[str, ...]]:
    """Return the channel and the unit of every column that is one, and the columns that are left out."""
    wanted = dict(text.rpartition("=")[::2] if "=" in text else (text, "") for text in choice.channels)
    if table.long is not None:
        there = _names_in(table)
        used = {table.long.name, table.long.value, table.long.unit, table.long.quality}
        strange = [name for name in wanted if name not in there]
        if strange:
            raise ColumnsDoNotFit(
                f"{table.path}: column {table.long.name!r} names no channel {strange[0]!r}; it names {', '.join(there)}"
            )
        named = wanted or {name: "" for name in there if name not in choice.ignore}
    else:
        there = {column: table.units.get(column, "") for column in table.columns}
        used = set(wanted)
        for column in wanted:
            must_exist(table, column)
        others = {*time, *places, choice.labels, *choice.ignore, *table.not_measured}
        free = (column for column in table.columns if column not in others and _holds(table, column))
        named = wanted or dict.fromkeys(free, "")
    split = {column: name_and_unit(column) for column in named}
    channels = {column: name or split[column][0] for column, name in named.items()}
    units = {column: there[column] or split[column][1] for column in named}
    doubled = [column for column, channel in channels.items() if list(channels.values()).count(channel) > 1]
    for column in doubled:
        # Two headers that differ in their unit alone, as temp [°C] and temp [°F]: the whole header is the name.
        channels[column] = named[column] or column
    if len(set(channels.values())) < len(channels):
        raise ColumnsDoNotFit(
            f"two columns would be channel {channels[doubled[0]]!r}: say --channels {doubled[0]!r}=OTHER-NAME,…"
        )
    if not channels:
        raise ColumnsDoNotFit(f"{table.path}: no column is left to be a channel")
    known = {*channels, *time, *places, choice.labels, *used}
    return channels, units, tuple(column for column in table.columns if column not in known)


def _names_in(table: Table) -> dict[str, str]:
    """Return the channels that a long table's naming column names, with their units."""
    form = table.long
    if form is None:
        return {}
    columns = [form.name, *([form.unit] if form.unit else [])]
    found: dict[str, str] = {}
    for block in table.rows(columns):
        names = as_texts(block.columns[form.name])
        units = as_texts(block.columns[form.unit]) if form.unit else pa.repeat(pa.scalar(""), len(names))
        pairs = pa.RecordBatch.from_arrays([names, units], names=["name", "unit"])
        for row in pa.Table.from_batches([pairs]).group_by(["name", "unit"]).aggregate([]).to_pylist():
            name = row["name"].strip()
            if name:
                found[name] = found.get(name) or row["unit"].strip()
    return dict(sorted(found.items()))


def _holds(table: Table, column: str) -> bool:
    """Return whether a column holds anything; one that is empty from end to end of the sample is left out."""
    return not table.sample or bool(table.sample_of(column)) or len(table.sample) < 20


def _in_profile(
    table: Table, channels: Mapping[str, str], units: dict[str, str], profile: ProfileDefined
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the channels under the profile's names: a header's full text may be one too."""
    fitting = {column: column if column in profile.channel_names else channel for column, channel in channels.items()}
    strange = [column for column, channel in fitting.items() if channel not in profile.channel_names]
    if strange:
        raise ColumnsDoNotFit(
            f"{table.path}: no channel of {profile.ref} is called {', '.join(map(repr, strange))}; its channels are "
            f"{', '.join(profile.channel_names)}. Leave columns out with --ignore {','.join(strange)}, name them with "
            "--channels COLUMN=CHANNEL,… or define a new version with telltale profiles define",
            advice={"ignore": ",".join(strange)},
        )
    return fitting, units


def _time_form(table: Table, choice: ColumnChoice, time: TimeColumns, plausible: Plausible) -> TimeForm:
    said, start = choice.time_format, choice.start
    if start is not None and said is None and len(time) == 1:
        unit = table.units.get(time[0]) or name_and_unit(time[0])[1]
        said = {"µs": "us", "sec": "s", "secs": "s"}.get(unit, unit) if unit in {*EPOCHS, "µs", "sec", "secs"} else None
    sample = joined([[row[table.header.index(name)] for name in time] for row in table.sample])
    try:
        return time_form_of(
            sample,
            latest_s=plausible.latest_s,
            said=said,
            order=choice.date_order,
            start=start,
            whole=_whole(table, time),
        )
    except NoTimeForm as error:
        raise ColumnsDoNotFit(f"{table.path}: column {'+'.join(time)!r}: {error}") from error


def _whole(table: Table, time: TimeColumns) -> Callable[[], Iterable[pa.StringArray]]:
    def portions() -> Iterable[pa.StringArray]:
        for block in table.rows(time):
            yield time_texts(block.columns, time)

    return portions


def time_texts(columns: Mapping[str, pa.Array], time: TimeColumns) -> pa.StringArray:
    """Return the cells of the time's columns, joined by a blank."""
    texts = [pc.utf8_trim_whitespace(as_texts(columns[name])) for name in time]
    return texts[0] if len(texts) == 1 else pc.utf8_trim_whitespace(pc.binary_join_element_wise(*texts, " "))
