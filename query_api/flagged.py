"""Readings of one sensor that got no ordinary score, counted by the score ledger's flag."""

from typing import Final

from query_api.log_cut import LogCut
from query_api.store import Snapshot, columns

MOST_OFFSETS: Final = 200_000
"""Flagged offsets of the sensor's partition that are looked through, the newest: what one waits about 100 ms for."""

# Flags are ranges of offsets of a whole partition; the newest are matched with the sensor's readings by position.
FLAGGED: Final = """
    WITH newest AS (
        SELECT flags.name, flags.first_offset, flags.next_offset
        FROM (
            SELECT
                ledger_flags.name,
                ledger_flags.first_offset,
                ledger_flags.next_offset,
                sum(ledger_flags.next_offset - ledger_flags.first_offset)
                    OVER (ORDER BY ledger_flags.first_offset DESC, ledger_flags.name) AS so_far
            FROM ledger_flags
            JOIN ledger USING (partition, "offset")
            WHERE ledger_flags.source_partition = %(partition)s
                AND ledger_flags.name <> 'absent'
                AND ledger.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        ) AS flags
        WHERE flags.so_far <= %(most)s
    )
    SELECT newest.name, count(*) AS count
    FROM newest
    JOIN readings
        ON readings.partition = %(partition)s
        AND readings."offset" >= newest.first_offset
        AND readings."offset" < newest.next_offset
        AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    JOIN series USING (series)
    WHERE series.machine_id = %(machine_id)s
        AND series.sensor_id = %(sensor_id)s
    GROUP BY newest.name
    ORDER BY newest.name
"""

READ_MODELS: Final = ("readings", "scoring")


async def flagged(
    snapshot: Snapshot, cut: LogCut, *, machine_id: str, sensor_id: str, last_position: str
) -> dict[str, int]:
    """Return how many of the sensor's readings have each flag; a machine's readings are all in one partition."""
    asked = {
        "partition": int(last_position.split("/")[1]),
        "as_of": cut.as_of,
        "most": MOST_OFFSETS,
        "machine_id": machine_id,
        "sensor_id": sensor_id,
    }
    return {row["name"]: row["count"] for row in await snapshot.fetch(FLAGGED, asked, columns)}
