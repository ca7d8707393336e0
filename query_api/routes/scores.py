"""Scores of one sensor's readings, found in the score ledger by the readings' positions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from query_api.store import Snapshot, columns

MOST_SLOTS: Final = 150_000
"""Slots of the ledger unpacked while one waits (about 100 ms); above, each entry's score is a sample."""

# First and last reading by time give the stretch of the log to look through: a guess at the work, not at the answer.
STRETCH: Final = """
    SELECT coalesce(max(place."offset") - min(place."offset"), 0) AS slots
    FROM series
    CROSS JOIN LATERAL (
        (
            SELECT readings."offset"
            FROM readings
            WHERE readings.series = series.series
                AND readings.recorded_at >= %(starts_at)s
                AND readings.recorded_at < %(ends_at)s
                AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
            ORDER BY readings.recorded_at
            LIMIT 1
        )
        UNION ALL
        (
            SELECT readings."offset"
            FROM readings
            WHERE readings.series = series.series
                AND readings.recorded_at >= %(starts_at)s
                AND readings.recorded_at < %(ends_at)s
                AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
            ORDER BY readings.recorded_at DESC
            LIMIT 1
        )
    ) AS place
    WHERE series.machine_id = %(machine_id)s
        AND series.sensor_id = %(sensor_id)s
"""

# The ledger has one array per scorer transaction, for all sensors of a partition. Each array that covers one of
# the chosen readings is unpacked once, not once per reading: a catching-up scorer writes arrays of thousands.
# Readings and slots meet by GROUP BY: the planner can't know how many slots an array has, and a join would
# make it choose a nested loop over both.
SCORES: Final = """
    WITH chosen AS MATERIALIZED (
        SELECT
            readings.partition,
            readings."offset",
            CASE
                WHEN %(width)s::interval IS NULL THEN readings.recorded_at
                ELSE date_bin(%(width)s, readings.recorded_at, 'epoch')
            END AS at
        FROM series
        JOIN readings USING (series)
        WHERE series.machine_id = %(machine_id)s
            AND series.sensor_id = %(sensor_id)s
            AND readings.recorded_at >= %(starts_at)s
            AND readings.recorded_at < %(ends_at)s
            AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ),
    bounds AS MATERIALIZED (
        SELECT partition, min("offset") AS lowest, max("offset") AS highest
        FROM chosen
        GROUP BY partition
    ),
    slots AS (
        SELECT
            arrays.source_partition AS partition,
            arrays.from_offset + slot.place - 1 AS "offset",
            slot.score
        FROM bounds
        CROSS JOIN LATERAL (
            SELECT ledger_scores.source_partition, ledger_scores.from_offset, ledger_scores.scores
            FROM ledger_scores
            JOIN ledger USING (partition, "offset")
            WHERE ledger_scores.source_partition = bounds.partition
                AND ledger_scores.from_offset <= bounds.highest
                AND ledger_scores.from_offset >= coalesce((
                    SELECT max(before.from_offset)
                    FROM ledger_scores AS before
                    WHERE before.source_partition = bounds.partition
                        AND before.from_offset <= bounds.lowest
                ), 0)
                AND ledger.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        ) AS arrays
        CROSS JOIN LATERAL unnest(arrays.scores) WITH ORDINALITY AS slot (score, place)
        WHERE slot.score <> 'NaN'
    ),
    paired AS (
        SELECT max(at) AS at, max(score) AS score
        FROM (
            SELECT partition, "offset", at, NULL::float8 AS score
            FROM chosen
            UNION ALL
            SELECT partition, "offset", NULL, score
            FROM slots
        ) AS both_sides
        GROUP BY partition, "offset"
    )
    SELECT at, max(score) AS score
    FROM paired
    WHERE at IS NOT NULL
        AND score IS NOT NULL
    GROUP BY at
"""

# For stretches with too many slots: the worst verdict of each bucket, else the score of its last reading.
SAMPLED_SCORES: Final = """
    WITH sampled AS (
        SELECT bucket.at, judged.score
        FROM series
        CROSS JOIN generate_series(
            date_bin(%(width)s, %(starts_at)s, 'epoch'), %(ends_at)s, %(width)s
        ) AS bucket (at)
        CROSS JOIN LATERAL (
            SELECT readings.partition, readings."offset"
            FROM readings
            WHERE readings.series = series.series
                AND readings.recorded_at >= bucket.at
                AND readings.recorded_at < bucket.at + %(width)s
                AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
            ORDER BY readings.recorded_at DESC
            LIMIT 1
        ) AS last
        CROSS JOIN LATERAL (
            SELECT max(nullif(ledger_scores.scores[last."offset" - ledger_scores.from_offset + 1], 'NaN')) AS score
            FROM ledger_scores
            JOIN ledger USING (partition, "offset")
            WHERE ledger_scores.source_partition = last.partition
                AND ledger_scores.from_offset = (
                    SELECT max(before.from_offset)
                    FROM ledger_scores AS before
                    WHERE before.source_partition = last.partition
                        AND before.from_offset <= last."offset"
                )
                AND ledger.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        ) AS judged
        WHERE series.machine_id = %(machine_id)s
            AND series.sensor_id = %(sensor_id)s
        UNION ALL
        SELECT date_bin(%(width)s, recorded_at, 'epoch'), score
        FROM anomalies
        WHERE machine_id = %(machine_id)s
            AND sensor_id = %(sensor_id)s
            AND recorded_at >= %(starts_at)s
            AND recorded_at < %(ends_at)s
            AND known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    )
    SELECT at, max(score) AS score
    FROM sampled
    WHERE score IS NOT NULL
    GROUP BY at
"""


async def scores_of(snapshot: Snapshot, parameters: Mapping[str, Any]) -> dict[datetime, float]:
    """Return the score of each entry of the series: the largest of its readings', or over long stretches a sample."""
    stretch = await snapshot.fetch(STRETCH, parameters, columns)
    sampled = parameters["width"] is not None and stretch and stretch[0]["slots"] > MOST_SLOTS
    rows = await snapshot.fetch(SAMPLED_SCORES if sampled else SCORES, parameters, columns)
    return {row["at"]: row["score"] for row in rows}
