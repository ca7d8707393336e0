"""What a build has seen of the log's readings, so that one which comes again is left out."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import psycopg

from projections.repeats import Hashes, Slot

SEEN_READINGS: Final = """
-- Hashes of the readings that this build has, 8 bytes each, ascending: one sensor's of one minute of its clock.
CREATE TABLE seen_readings (
    sensor bigint NOT NULL, -- hash of machine and sensor
    minute bigint NOT NULL, -- since 1970 UTC
    partition smallint NOT NULL,
    readings bytea NOT NULL,
    PRIMARY KEY (partition, sensor, minute)
);
ALTER TABLE seen_readings ALTER COLUMN readings SET STORAGE EXTERNAL;
"""

_SEEN: Final = """
SELECT seen.partition, seen.sensor, seen.minute, seen.readings
FROM unnest(%s::smallint[], %s::bigint[], %s::bigint[]) AS asked (partition, sensor, minute)
CROSS JOIN LATERAL (
    SELECT seen_readings.*
    FROM seen_readings
    WHERE seen_readings.partition = asked.partition
        AND seen_readings.sensor = asked.sensor
        AND seen_readings.minute = asked.minute
    OFFSET 0 -- looked up one by one: the table is large and its slots are few
) AS seen
"""

_REMEMBER: Final = """
INSERT INTO seen_readings (partition, sensor, minute, readings)
SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::bigint[], %s::bytea[])
ON CONFLICT (partition, sensor, minute) DO UPDATE SET readings = EXCLUDED.readings
"""

_STORED: Final = np.dtype("<u8")


class PostgresSeenReadings:
    """SeenReadings in the build on the connection's search path, inside its transaction."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def seen(self, slots: Sequence[Slot]) -> Mapping[Slot, Hashes]:
        """Return the hashes of the readings seen of those slots that have any, ascending."""
        with self._connection.cursor(binary=True) as cursor:
            cursor.execute(_SEEN, _columns(slots))
            return {
                Slot(partition, sensor, minute): np.frombuffer(readings, _STORED).astype(np.uint64)
                for partition, sensor, minute, readings in cursor
            }

    def remember(self, slots: Mapping[Slot, Hashes]) -> None:
        """Put these hashes, ascending, in the place of what was seen of each slot."""
        if slots:
            stored = [hashes.astype(_STORED).tobytes() for hashes in slots.values()]
            self._connection.execute(_REMEMBER, [*_columns(list(slots)), stored], binary=True)


def _columns(slots: Sequence[Slot]) -> list[list[int]]:
    return [
        [slot.partition for slot in slots],
        [slot.sensor for slot in slots],
        [slot.minute for slot in slots],
    ]
