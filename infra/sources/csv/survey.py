"""What a file holds, as far as it tells by itself: channels with ranges, times, interval, sensors, rows refused."""

from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import Final

import numpy as np

from domain.profiles import ProfileDefined
from domain.readings import moment_of
from infra.sources.csv.csv_readings import RefusedRow, RowReader
from infra.sources.csv.plan import ColumnPlan, profile_from
from infra.sources.csv.rows import RowBlock, row_blocks
from infra.sources.csv.shape import CsvShape
from infra.sources.csv.timestamps import moments_of
from schemas.readings import map_entries

FALLBACK_INTERVAL_S: Final = 1.0
"""Expected interval of a file that shows none: it has a single row per sensor."""


@dataclass(slots=True)
class ChannelFound:
    """A channel and what the file shows of it."""

    column: str
    channel: str
    unit: str
    values: int = 0
    minimum: float = inf
    maximum: float = -inf


@dataclass(slots=True)
class Survey:
    """What a file holds."""

    channels: list[ChannelFound]
    interval_s: float
    first: datetime | None = None
    last: datetime | None = None
    readings: int = 0
    sensors: set[tuple[str, str]] = field(default_factory=set)
    refused: list[RefusedRow] = field(default_factory=list)


def survey(shape: CsvShape, plan: ColumnPlan, profile: ProfileDefined | None) -> Survey:
    """Return what the whole file holds; without a profile rows are judged by the one the file itself would define."""
    interval_s = interval_of(shape, plan)
    judged_by = profile or provisional_profile(plan, interval_s=interval_s)
    reader = RowReader(str(shape.path), plan, judged_by, decimal=shape.decimal)
    found = Survey(
        channels=[
            ChannelFound(column=column, channel=channel, unit=plan.units[channel] or unit_in(judged_by, channel))
            for column, channel in plan.channels.items()
        ],
        interval_s=interval_s,
    )
    for block in row_blocks(shape, plan.columns):
        _take_in(found, reader, block)
    return found


def provisional_profile(plan: ColumnPlan, *, interval_s: float) -> ProfileDefined:
    """Return the profile a file would define by itself, as if it were the first of its name."""
    channels, expected_interval_s = profile_from(plan, interval_s=interval_s)
    return ProfileDefined(
        name=plan.choice.profile, version=1, channels=channels, expected_interval_s=expected_interval_s
    )


def unit_in(profile: ProfileDefined, channel: str) -> str:
    """Return the unit that a profile gives a channel, "" when it has no such channel."""
    return next((known.unit for known in profile.channels if known.name == channel), "")


def interval_of(shape: CsvShape, plan: ColumnPlan) -> float:
    """Return the usual time between two readings of one sensor in seconds: the median step of the file's first block.

    Steps are those forward in time between neighbouring rows of the same machine and sensor.
    """
    block = next(row_blocks(shape, plan.columns), None)
    if block is None:
        return FALLBACK_INTERVAL_S
    moments = moments_of(block.columns[plan.choice.time], plan.time_format, plan.choice.zone)
    good = np.setdiff1d(np.arange(len(block)), np.fromiter(moments.wrong, np.intp, len(moments.wrong)))
    named = [block.columns[name].to_pylist() for name in (plan.choice.machine, plan.choice.sensor) if name is not None]
    texts = ["\0".join(cells) for cells in zip(*named, strict=True)]
    sensors = np.unique(texts, return_inverse=True)[1][good] if texts else np.zeros(len(good), np.intp)
    order = np.argsort(sensors, kind="stable")
    steps, same = np.diff(moments.microseconds[good][order]), np.diff(sensors[order]) == 0
    forward = steps[same & (steps > 0)]
    return float(np.median(forward)) / 1e6 if len(forward) else FALLBACK_INTERVAL_S


def _take_in(found: Survey, reader: RowReader, block: RowBlock) -> None:
    read = reader.read(block)
    found.refused.extend(read.refused)
    table = read.table
    if not len(table):
        return
    found.readings += len(table)
    times = table.column("recorded_at").to_numpy()
    first, last = moment_of(int(times.min())), moment_of(int(times.max()))
    found.first = first if found.first is None else min(found.first, first)
    found.last = last if found.last is None else max(found.last, last)
    pairs = zip(table.column("machine_id").to_pylist(), table.column("sensor_id").to_pylist(), strict=True)
    found.sensors.update(set(pairs))
    _, keys, items = map_entries(table.column("measurements"))
    coded = keys.dictionary_encode()
    codes, values = coded.indices.to_numpy(), items.to_numpy()
    for code, name in enumerate(coded.dictionary.to_pylist()):
        channel = next(one for one in found.channels if one.channel == name)
        mine = values[codes == code]
        channel.values += len(mine)
        channel.minimum = min(channel.minimum, float(mine.min()))
        channel.maximum = max(channel.maximum, float(mine.max()))
