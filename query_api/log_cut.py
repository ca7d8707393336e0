"""The log of readings cut at a moment, in offsets.

Tables that sum readings up per day, hour or minute in which they became known give all but the last, begun minute:
whole days, the whole hours of the begun day, the whole minutes of the begun hour. The begun minute's readings are
looked up one by one. Within a partition known_at never falls as offsets rise, so both ends are found by halving.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from domain.topics import DATA_PARTITIONS
from query_api.store import Snapshot, columns

# Largest offset known by each moment: `known` is known by then, `unknown` is not, until they are neighbours. Offsets
# have gaps, so the middle may hold no reading: then none stands between it and `unknown`.
CUTS: Final = """
    WITH RECURSIVE search AS (
        SELECT place.partition, moment.name, moment.at, first."offset" - 1 AS known, last."offset" + 1 AS unknown
        FROM generate_series(0, %(all_partitions)s - 1) AS place (partition)
        CROSS JOIN LATERAL (
            SELECT readings."offset"
            FROM readings
            WHERE readings.partition = place.partition
            ORDER BY readings."offset"
            LIMIT 1
        ) AS first
        CROSS JOIN LATERAL (
            SELECT readings."offset"
            FROM readings
            WHERE readings.partition = place.partition
            ORDER BY readings."offset" DESC
            LIMIT 1
        ) AS last
        CROSS JOIN (
            VALUES ('minute', %(minute)s::timestamptz - interval '1 microsecond'), ('as_of', %(as_of)s::timestamptz)
        ) AS moment (name, at)
        UNION ALL
        SELECT
            search.partition,
            search.name,
            search.at,
            CASE WHEN probe.known_at <= search.at THEN probe."offset" ELSE search.known END,
            CASE WHEN probe.known_at <= search.at THEN search.unknown ELSE halves.middle END
        FROM search
        CROSS JOIN LATERAL (SELECT (search.known + search.unknown) / 2 AS middle) AS halves
        LEFT JOIN LATERAL (
            SELECT readings."offset", readings.known_at
            FROM readings
            WHERE readings.partition = search.partition
                AND readings."offset" >= halves.middle
                AND readings."offset" < search.unknown
            ORDER BY readings."offset"
            LIMIT 1
        ) AS probe ON true
        WHERE search.unknown - search.known > 1
    )
    SELECT
        partition,
        max(known) FILTER (WHERE name = 'minute') AS before_minute,
        max(known) FILTER (WHERE name = 'as_of') AS upto
    FROM search
    GROUP BY partition
"""

# Readings that became known in the begun minute; none when nothing is cut. OFFSET 0 has each partition's stretch looked
# up by its offsets: how short it is the planner can't know, and would read the whole table.
BEGUN: Final = """
    SELECT stretch.*
    FROM unnest(%(cut_partitions)s::int[], %(cut_before_minute)s::bigint[], %(cut_upto)s::bigint[])
        AS cut (partition, before_minute, upto)
    CROSS JOIN LATERAL (
        SELECT readings.*
        FROM readings
        WHERE readings.partition = cut.partition
            AND readings."offset" > cut.before_minute
            AND readings."offset" <= cut.upto
        OFFSET 0
    ) AS stretch
"""


@dataclass(frozen=True, slots=True)
class LogCut:
    """`parameters` of statements over a log cut at `as_of`; with None nothing is cut."""

    as_of: datetime | None
    parameters: dict[str, Any]

    @classmethod
    async def at(cls, snapshot: Snapshot, as_of: datetime | None) -> Self:
        """Return the cut; needs read model readings when there is one."""
        minute = as_of.replace(second=0, microsecond=0) if as_of else None
        cuts: list[dict[str, Any]] = []
        if as_of:
            asked = {"all_partitions": DATA_PARTITIONS, "minute": minute, "as_of": as_of}
            cuts = await snapshot.fetch(CUTS, asked, columns)
        return cls(
            as_of,
            {
                "as_of": as_of,
                "begun_minute": minute,
                "begun_hour": minute and minute.replace(minute=0),
                "begun_day": minute and minute.replace(hour=0, minute=0),
                "cut_partitions": [cut["partition"] for cut in cuts],
                "cut_before_minute": [cut["before_minute"] for cut in cuts],
                "cut_upto": [cut["upto"] for cut in cuts],
            },
        )

    def stretches(self, level: timedelta | None) -> dict[str, list[Any]]:
        """Return the parameters stretch_…: which kept buckets, and known when, give all but the begun minute.

        Buckets of `level`, then of the shorter widths for what became known since the last whole one of it.
        """
        borders = [("begun_day", 86_400), ("begun_hour", 3600), ("begun_minute", 60)]
        widest_s = level.total_seconds() if level else 60
        known_from, stretches = "-infinity", []
        for name, width_s in borders:
            if width_s > widest_s:
                continue
            begun = self.parameters[name]
            stretches.append((width_s, known_from, begun.isoformat() if begun else "infinity"))
            if begun is None:
                break
            known_from = begun.isoformat()
        return {
            "stretch_widths": [width_s for width_s, _, _ in stretches],
            "stretch_from": [first for _, first, _ in stretches],
            "stretch_to": [before for _, _, before in stretches],
        }

    @property
    def upto(self) -> dict[int, int]:
        """Return the last offset known by then, per partition that has readings."""
        return dict(zip(self.parameters["cut_partitions"], self.parameters["cut_upto"], strict=True))
