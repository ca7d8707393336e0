"""One sensor's readings over time: raw when few, else smallest, mean and largest per bucket; with their scores."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter, Query, Response

from query_api.asking import AskAsOf
from query_api.bodies.machines import ChannelSeries, ChannelSummary, ReadingSeries, SensorDetail
from query_api.lane_cells import WIDTHS_S
from query_api.log_cut import LogCut
from query_api.parameters import From, MachineId, Span, To, span_of
from query_api.reading_points import CHANNELS_IN_RANGE, COUNT, MINUTES_IN_BUCKETS, RAW, RAW_IN_BUCKETS
from query_api.routes.scores import scores_of
from query_api.seen_sensors import one_sensor
from query_api.store import Snapshot, columns

router = APIRouter(tags=["machines"])

READ_MODELS: Final = ("readings", "reading_buckets", "sensors", "anomalies", "scoring", "models")

MOST_RAW_READINGS: Final = 60_000
"""Readings put into buckets while one waits (about 50 ms); above, the minutes of reading_buckets are used."""

GAP_IN_INTERVALS: Final = 3
"""Expected intervals (or buckets) without a reading that break the line."""

EXPECTED: Final = """
    SELECT model_versions.metrics
    FROM champions
    JOIN model_versions USING (name, version)
    WHERE champions.profile = %(profile)s
        AND champions.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        AND model_versions.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ORDER BY champions."offset" DESC
    LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grain:
    """How finely a range is shown: raw, raw readings in buckets of `width`, or kept buckets of `level` in such."""

    statement: str
    mode: Literal["raw", "buckets"]
    starts_at: datetime
    width: timedelta | None
    level: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the channels of a sensor's profiles stand in an answer: channels of one name and unit share a place."""

    channels: Sequence[ChannelSummary]
    mapped: Mapping[tuple[str, int], int]
    """Place, from 0, by profile and channel."""

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> Self:
        """Return the places of the rows of CHANNELS_IN_RANGE, in their order."""
        found: dict[tuple[str, str], int] = {}
        channels: list[ChannelSummary] = []
        mapped: dict[tuple[str, int], int] = {}
        for row in rows:
            named = (row["name"], row["unit"])
            if named not in found:
                found[named] = len(channels)
                channels.append(ChannelSummary(**{name: row[name] for name in ChannelSummary.model_fields}))
            mapped[row["profile"], row["channel"]] = found[named]
        return cls(channels=channels, mapped=mapped)

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of statements over several profiles; there the places count from 1."""
        return {
            "map_profiles": [profile for profile, _ in self.mapped],
            "map_channels": [channel for _, channel in self.mapped],
            "map_places": [place + 1 for place in self.mapped.values()],
            "places": len(self.channels),
        }

    def placed(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a raw row with its values in their places."""
        values: list[float | None] = [None] * len(self.channels)
        for channel, value in enumerate(row["values"], start=1):
            place = self.mapped.get((row["profile"], channel))
            if place is not None:
                values[place] = value
        return {"at": row["at"], "readings": 1, "lowest": values, "mean": values, "highest": values}


@router.get("/sensors/{sensor_id}/readings", response_model=ReadingSeries, summary="Readings of one sensor")
async def readings(
    *,
    ask: AskAsOf,
    sensor_id: str,
    machine_id: MachineId = None,
    starts_at: From = None,
    ends_at: To = None,
    points: Annotated[int, Query(ge=10, le=5000, description="Most entries wanted.")] = 500,
) -> Response:
    """Return readings between `from` and `to` (default: the newest hour), raw when at most `points`."""

    async def question(snapshot: Snapshot) -> ReadingSeries:
        cut = await LogCut.at(snapshot, ask.as_of)
        asked = await one_sensor(snapshot, cut, ask.then(), sensor_id=sensor_id, machine_id=machine_id)
        span = span_of(starts_at, ends_at, newest=asked.last_recorded_at, default=timedelta(hours=1))
        return await _series(snapshot, asked, span, points=points, cut=cut)

    return await ask.answer(READ_MODELS, question)


async def _series(
    snapshot: Snapshot,
    sensor: SensorDetail,
    span: Span,
    *,
    points: int,
    cut: LogCut,
) -> ReadingSeries:
    parameters = cut.parameters | {
        "machine_id": sensor.machine_id,
        "sensor_id": sensor.sensor_id,
        "profile": sensor.profile,
        "starts_at": span.starts_at,
        "ends_at": span.ends_at,
    }
    places = Places.of(await snapshot.fetch(CHANNELS_IN_RANGE, parameters, columns))
    counted = await snapshot.fetch(COUNT, {**parameters, "most": MOST_RAW_READINGS + 1}, columns)
    grain = grain_of(span, readings=counted[0]["readings"], points=points)
    parameters |= {"starts_at": grain.starts_at, "width": grain.width, "level": grain.level} | places.parameters()
    parameters |= cut.stretches(grain.level)
    rows = await snapshot.fetch(grain.statement, parameters, columns)
    if grain.mode == "raw":
        rows = [places.placed(row) for row in rows]
    scores = await scores_of(snapshot, parameters)
    expected = await snapshot.fetch(EXPECTED, {"profile": sensor.profile, "as_of": cut.as_of}, columns)
    step_s = max(sensor.expected_interval_s or 0.0, grain.width.total_seconds() if grain.width else 0.0)
    marked = with_gaps(rows, timedelta(seconds=GAP_IN_INTERVALS * step_s))
    return ReadingSeries(
        machine_id=sensor.machine_id,
        sensor_id=sensor.sensor_id,
        profile=sensor.profile,
        profiles=sorted({profile for profile, _ in places.mapped}),
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        mode=grain.mode,
        bucket_s=grain.width.total_seconds() if grain.width else None,
        times=[row["at"] for row in marked],
        counts=[row["readings"] for row in marked],
        channels=_channels(places.channels, marked, expected[0]["metrics"] if expected else {}),
        scores=[scores.get(row["at"]) if row["readings"] else None for row in marked],
        data_starts_at=sensor.first_recorded_at,
        data_ends_at=sensor.last_recorded_at,
    )


def grain_of(span: Span, *, readings: int, points: int) -> Grain:
    """Return how to show a range that holds `readings` readings, or more than MOST_RAW_READINGS, in `points` entries.

    Buckets of whole minutes, hours or days start on one.
    """
    if readings <= points:
        return Grain(statement=RAW, mode="raw", starts_at=span.starts_at, width=None)
    width_s = max(1, math.ceil(span.seconds / (points - 1)))  # one more where the range begins inside a bucket
    if readings <= MOST_RAW_READINGS:
        width = timedelta(seconds=width_s)
        return Grain(statement=RAW_IN_BUCKETS, mode="buckets", starts_at=span.starts_at, width=width)
    level_s = next((level for level in WIDTHS_S if width_s > level), WIDTHS_S[-1])
    start_s = math.floor(span.starts_at.timestamp() / level_s) * level_s
    return Grain(
        statement=MINUTES_IN_BUCKETS,
        mode="buckets",
        starts_at=span.starts_at - timedelta(seconds=span.starts_at.timestamp() - start_s),
        width=timedelta(seconds=math.ceil(width_s / level_s) * level_s),
        level=timedelta(seconds=level_s),
    )


def with_gaps(rows: list[dict[str, Any]], longest: timedelta) -> list[dict[str, Any]]:
    """Return rows with an empty one after each that is followed by nothing for longer than `longest`."""
    if not longest:
        return rows
    marked: list[dict[str, Any]] = []
    for row in rows:
        if marked and row["at"] - marked[-1]["at"] > longest:
            gap_at = marked[-1]["at"] + longest / GAP_IN_INTERVALS
            marked.append({"at": gap_at, "readings": 0, "lowest": None, "mean": None, "highest": None})
        marked.append(row)
    return marked


def _channels(
    listed: Sequence[ChannelSummary], rows: list[dict[str, Any]], metrics: dict[str, Any]
) -> list[ChannelSeries]:
    """Return the channels' columns; a channel that this sensor never measures in the range is left out."""
    series = []
    for place, channel in enumerate(listed):
        lowest, mean, highest = (
            [_number(row[bound][place]) if row[bound] else None for row in rows]
            for bound in ("lowest", "mean", "highest")
        )
        if rows and all(value is None for value in mean):
            continue
        series.append(
            ChannelSeries(
                name=channel.name,
                unit=channel.unit,
                role=channel.role,
                minimum=lowest,
                mean=mean,
                maximum=highest,
                expected_low=_number(metrics.get(f"expected_low.{channel.name}")),
                expected_high=_number(metrics.get(f"expected_high.{channel.name}")),
            )
        )
    return series


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value
