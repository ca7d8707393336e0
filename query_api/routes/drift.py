"""Drift: the newest readings of a profile and their scores, counted in the bins of its champion's training set."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from query_api.asking import AskAsOf
from query_api.bodies.drift import DriftPart, DriftState, ModelDrift
from query_api.drifting import DriftMeter, DriftScale
from query_api.errors import ModelsAway, NotKnown, ParameterRefused
from query_api.store import Snapshot, columns

router = APIRouter(tags=["models"])

READ_MODELS: Final = ("models", "readings", "scoring")
PARTS: Final = 6
MOST_READINGS: Final = 30_000
"""Counted of a window; of more a sample is taken, chosen by a hash of the position, and the band allows for it."""

_SHARES: Final = 1024

MODEL: Final = """
    SELECT
        model_versions.name || '/' || model_versions.version AS model,
        model_versions.profile,
        model_versions.artifact_sha256,
        model_versions.detectors
    FROM model_versions
    WHERE model_versions.name = %(name)s
        AND model_versions.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        AND model_versions.version = coalesce(
            %(version)s::int,
            (
                SELECT champions.version
                FROM champions
                WHERE champions.name = %(name)s
                    AND champions.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
                ORDER BY champions."offset" DESC
                LIMIT 1
            )
        )
"""

NEWEST: Final = """
    SELECT max(newest.recorded_at) AS recorded_at
    FROM series
    CROSS JOIN LATERAL (
        SELECT readings.recorded_at
        FROM readings
        WHERE readings.series = series.series
            AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
            AND readings.recorded_at <= readings.known_at + interval '5 minutes' -- else its clock runs ahead
        ORDER BY readings.recorded_at DESC
        LIMIT 1
    ) AS newest
    WHERE series.profile = %(profile)s
"""

COUNT: Final = """
    SELECT count(*) AS readings
    FROM series
    JOIN readings USING (series)
    WHERE series.profile = %(profile)s
        AND readings.recorded_at >= %(starts_at)s
        AND readings.recorded_at < %(ends_at)s
        AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
"""

# width_bucket(value, edges) counts the edges that do not exceed the value, as training did. Readings and slots of the
# ledger meet by GROUP BY, since the planner can't know how many slots an array has. Scores of other models that judged
# in the window are left out.
COUNTS: Final = """
    WITH scale AS MATERIALIZED (
        SELECT
            signal.place::int AS signal,
            (
                SELECT array_agg(edge.value::float8 ORDER BY edge.place)
                FROM json_array_elements_text(signal.edges) WITH ORDINALITY AS edge (value, place)
            ) AS edges
        FROM json_array_elements(%(edges)s::json) WITH ORDINALITY AS signal (edges, place)
    ),
    chosen AS MATERIALIZED (
        SELECT
            readings.partition,
            readings."offset",
            least(floor(extract(epoch FROM readings.recorded_at - %(starts_at)s) / %(part_s)s), %(parts)s - 1)::int
                AS part,
            readings."values"
        FROM series
        JOIN readings USING (series)
        WHERE series.profile = %(profile)s
            AND readings.recorded_at >= %(starts_at)s
            AND readings.recorded_at < %(ends_at)s
            AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
            AND (hashint8(readings."offset") & 1023) < %(share)s
    ),
    bounds AS MATERIALIZED (
        SELECT partition, min("offset") AS lowest, max("offset") AS highest
        FROM chosen
        GROUP BY partition
    ),
    slots AS (
        SELECT
            ledger_scores.source_partition AS partition,
            ledger_scores.from_offset + slot.place - 1 AS "offset",
            array_position(%(kinds)s::text[], ledger_scores.detector) + cardinality(%(channels)s::text[]) AS signal,
            slot.score
        FROM bounds
        JOIN ledger_scores
            ON ledger_scores.source_partition = bounds.partition
            AND ledger_scores.from_offset <= bounds.highest
            AND ledger_scores.next_offset > bounds.lowest
        JOIN ledger
            ON ledger.partition = ledger_scores.partition
            AND ledger."offset" = ledger_scores."offset"
        CROSS JOIN LATERAL unnest(ledger_scores.scores) WITH ORDINALITY AS slot (score, place)
        WHERE ledger_scores.detector = ANY (%(kinds)s::text[])
            AND ledger.models @> %(judged_by)s::jsonb
            AND ledger.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
            AND slot.score <> 'NaN'
            AND (hashint8(ledger_scores.from_offset + slot.place - 1) & 1023) < %(share)s
    ),
    paired AS (
        SELECT
            max(part) AS part,
            array_agg(signal) FILTER (WHERE signal IS NOT NULL) AS signals,
            array_agg(score) FILTER (WHERE signal IS NOT NULL) AS scores
        FROM (
            SELECT partition, "offset", part, NULL::int AS signal, NULL::float8 AS score
            FROM chosen
            UNION ALL
            SELECT partition, "offset", NULL, signal, score
            FROM slots
        ) AS both_sides
        GROUP BY partition, "offset"
    ),
    signals AS (
        SELECT chosen.part, measured.place::int AS signal, measured.value
        FROM chosen
        CROSS JOIN LATERAL unnest(chosen."values") WITH ORDINALITY AS measured (value, place)
        UNION ALL
        SELECT paired.part, judged.signal, judged.value
        FROM paired
        CROSS JOIN LATERAL unnest(paired.signals, paired.scores) AS judged (signal, value)
        WHERE paired.part IS NOT NULL
    )
    SELECT
        signals.part,
        signals.signal - 1 AS signal,
        CASE WHEN signals.value = 'NaN' THEN %(bins)s - 1 ELSE width_bucket(signals.value, scale.edges) END AS bin,
        count(*) AS readings
    FROM signals
    JOIN scale USING (signal)
    GROUP BY 1, 2, 3
"""


@router.get("/models/{profile}/drift", response_model=ModelDrift, summary="Live stream against training")
async def drift(
    ask: AskAsOf,
    profile: str,
    window_s: Annotated[int, Query(ge=60, le=7 * 86_400, description="Length of the window in seconds.")] = 3600,
    model: Annotated[str | None, Query(max_length=80, description="Version: pump/1, or 1; else the champion.")] = None,
) -> Response:
    """Return how far the newest readings and their scores are from what the model was trained on, with a null band.

    The window ends with the profile's newest reading, so that old records are held against the model as well as live
    ones. `outside` is said of a signal only when it is beyond what windows of the training set itself reach.
    """
    meter = ask.backend.drift
    if meter is None:
        raise ModelsAway("this API was not told where models are: TELLTALE_KAFKA_BOOTSTRAP")
    name = profile.partition("@")[0]
    version = None if model is None else _version(name, model)

    async def question(snapshot: Snapshot) -> ModelDrift:
        return await _measure(snapshot, meter, name, version=version, window_s=window_s, as_of=ask.as_of)

    return await ask.answer(READ_MODELS, question)


async def _measure(
    snapshot: Snapshot, meter: DriftMeter, name: str, *, version: int | None, window_s: int, as_of: datetime | None
) -> ModelDrift:
    found = await snapshot.fetch(MODEL, {"name": name, "version": version, "as_of": as_of}, columns)
    if not found:
        which = f"{name} has no champion" if version is None else f"{name}/{version} was not trained"
        raise NotKnown(f"{which} by then. GET /models lists what was trained.")
    (row,) = found
    newest = await snapshot.fetch(NEWEST, {"profile": row["profile"], "as_of": as_of}, columns)
    scale = await meter.scale(row["artifact_sha256"], kinds=row["detectors"])
    ends_at = newest[0]["recorded_at"]
    because = _hindrance(row["model"], scale, ends_at)
    if scale is None or ends_at is None:
        return _unknown(row, because)
    ends_at += timedelta(microseconds=1)
    window = {
        "profile": row["profile"],
        "starts_at": ends_at - timedelta(seconds=window_s),
        "ends_at": ends_at,
        "as_of": as_of,
    }
    readings = (await snapshot.fetch(COUNT, window, columns))[0]["readings"]
    asked = window | {
        "edges": json.dumps(scale.edges),
        "channels": list(scale.channels),
        "kinds": list(scale.kinds),
        "bins": scale.bins,
        "parts": PARTS,
        "part_s": window_s / PARTS,
        "share": max(1, min(_SHARES, _SHARES * MOST_READINGS // max(readings, 1))),
        "judged_by": json.dumps([{"artifact_sha256": row["artifact_sha256"]}]),
    }
    parts = _filled(await snapshot.fetch(COUNTS, asked, columns), scale)
    whole = [[sum(bins) for bins in zip(*signal, strict=True)] for signal in zip(*parts, strict=True)]
    (signals,) = await meter.judge(
        row["artifact_sha256"], kinds=row["detectors"], windows=[whole], window_s=float(window_s)
    )
    judged = await meter.judge(row["artifact_sha256"], kinds=row["detectors"], windows=parts, window_s=window_s / PARTS)
    outside = any(signal.outside for signal in signals)
    return ModelDrift(
        model=row["model"],
        profile=row["profile"],
        state=DriftState.OUTSIDE if outside else DriftState.INSIDE,
        because=None,
        starts_at=window["starts_at"],
        ends_at=ends_at,
        readings=readings,
        sampled=sum(whole[0]) if whole else 0,
        signals=signals,
        parts=[
            DriftPart(
                starts_at=ends_at - timedelta(seconds=window_s * (PARTS - place) / PARTS),
                ends_at=ends_at - timedelta(seconds=window_s * (PARTS - place - 1) / PARTS),
                signals=some,
            )
            for place, some in enumerate(judged)
        ],
    )


def _filled(rows: Sequence[dict[str, Any]], scale: DriftScale) -> list[list[list[int]]]:
    """Return the counts by part, signal and bin, 0 where the database had none."""
    counts = [[[0] * scale.bins for _ in scale.edges] for _ in range(PARTS)]
    for row in rows:
        counts[row["part"]][row["signal"]][row["bin"]] = row["readings"]
    return counts


def _hindrance(model: str, scale: DriftScale | None, newest: datetime | None) -> str:
    if scale is None:
        return f"{model} was trained by a version that kept no reference; a version trained now has one"
    return "" if newest else "no reading of the profile is known by then"


def _unknown(row: dict[str, Any], because: str) -> ModelDrift:
    return ModelDrift(
        model=row["model"],
        profile=row["profile"],
        state=DriftState.UNKNOWN,
        because=because,
        starts_at=None,
        ends_at=None,
        readings=0,
        sampled=0,
        signals=[],
        parts=[],
    )


def _version(name: str, text: str) -> int:
    line, _, number = text.rpartition("/")
    if line not in {"", name} or not number.isdecimal():
        raise ParameterRefused(f"{text!r} is no version of {name}: write it like {name}/2, or 2")
    return int(number)
