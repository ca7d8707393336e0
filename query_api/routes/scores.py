"""Scores of one sensor's readings, found in the score ledger by the readings' positions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from query_api.store import Snapshot, columns

# The ledger has one array per scorer transaction, for all sensors of a partition. Each array that covers one of
# the chosen readings is unpacked once, not once per reading: a catching-up scorer writes arrays of thousands.
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
            AND series.profile = %(profile)s
            AND readings.recorded_at >= %(starts_at)s
            AND readings.recorded_at < %(ends_at)s
            AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ),
    bounds AS (
        SELECT partition, min("offset") AS lowest, max("offset") AS highest
        FROM chosen
        GROUP BY partition
    ),
    slots AS (
        SELECT
            ledger.source_partition AS partition,
            ledger.from_offset + slot.place - 1 AS "offset",
            slot.score
        FROM bounds
        JOIN ledger_scores AS ledger
            ON ledger.source_partition = bounds.partition
            AND ledger.from_offset <= bounds.highest
            AND ledger.from_offset >= coalesce((
                SELECT max(before.from_offset)
                FROM ledger_scores AS before
                WHERE before.source_partition = bounds.partition
                    AND before.from_offset <= bounds.lowest
            ), 0)
        CROSS JOIN LATERAL unnest(ledger.scores) WITH ORDINALITY AS slot (score, place)
        WHERE slot.score <> 'NaN'
            AND (
                %(as_of)s::timestamptz IS NULL
                OR EXISTS (
                    SELECT FROM ledger AS entry
                    WHERE entry.partition = ledger.partition
                        AND entry."offset" = ledger."offset"
                        AND entry.known_at <= %(as_of)s
                )
            )
    )
    SELECT chosen.at, max(slots.score) AS score
    FROM chosen
    JOIN slots USING (partition, "offset")
    GROUP BY chosen.at
"""

# For ranges with too many readings to look up: the verdicts' scores, and in buckets without a verdict nothing.
WORST_SCORES: Final = """
    SELECT date_bin(%(width)s, recorded_at, 'epoch') AS at, max(score) AS score
    FROM anomalies
    WHERE machine_id = %(machine_id)s
        AND sensor_id = %(sensor_id)s
        AND recorded_at >= %(starts_at)s
        AND recorded_at < %(ends_at)s
        AND known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    GROUP BY 1
"""


async def scores_of(snapshot: Snapshot, parameters: Mapping[str, Any], *, many: bool) -> dict[datetime, float]:
    """Return the largest score per entry of the series; of `many` readings only those above the threshold."""
    rows = await snapshot.fetch(WORST_SCORES if many else SCORES, parameters, columns)
    return {row["at"]: row["score"] for row in rows}
