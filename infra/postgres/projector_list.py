"""Every build that follows the log, with what its projector last said of itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg
from psycopg.rows import class_row

_LIST: Final = """
SELECT
    builds.read_model,
    builds.build,
    serving.build IS NOT NULL AS serves,
    CASE
        WHEN status.updated_at > now() - make_interval(secs => %s) THEN status.state
        WHEN NOT builds.followed THEN 'unfinished'
        ELSE 'down'
    END AS state,
    CASE
        WHEN NOT builds.followed THEN 'of a rebuild: telltale rebuild ' || builds.read_model || ' goes on with it'
        WHEN status.updated_at IS NULL THEN 'it has never reported: telltale projector'
        WHEN status.updated_at > now() - make_interval(secs => %s) THEN status.cause
        ELSE 'no report for ' || round(extract(epoch FROM now() - status.updated_at))::int || ' s: telltale projector'
    END AS cause,
    status.position,
    status.lag_offsets,
    status.lag_seconds + extract(epoch FROM greatest(now() - status.updated_at, '0'))::float8
        * (status.updated_at < now() - make_interval(secs => %s))::int AS lag_seconds,
    status.records_per_second,
    status.known_at,
    status.updated_at
FROM telltale.builds
LEFT JOIN telltale.serving USING (read_model, build)
LEFT JOIN telltale.projector_status AS status USING (read_model, build)
WHERE builds.discarded_at IS NULL
UNION ALL
SELECT read_model, NULL, false, 'refused', cause, NULL, NULL, NULL, NULL, NULL, seen_at
FROM telltale.refused_folders
ORDER BY read_model, build
"""

SILENT_AFTER_S: Final = 5.0
"""A projector reports once a second; one that has not for this long does not run."""


IN_ORDER: Final = frozenset({"running", "loading", "waiting", "paused", "unfinished"})
"""States that want nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedProjection:
    """One build and its projector; state `down`: no projector reports; `unfinished`: a rebuild left it.

    `refused`: a folder of which no build can be made; it has none.
    """

    read_model: str
    build: int | None
    serves: bool
    state: str
    cause: str | None
    position: str | None
    lag_offsets: int | None
    lag_seconds: float | None
    records_per_second: float | None
    known_at: datetime | None
    updated_at: datetime | None


def list_projections(connection: psycopg.Connection) -> Sequence[ListedProjection]:
    """Return all builds that are not discarded; none while nothing was ever projected."""
    there = connection.execute("SELECT to_regclass('telltale.refused_folders') IS NOT NULL").fetchone()
    if there != (True,):
        return []
    with connection.cursor(row_factory=class_row(ListedProjection)) as cursor:
        return cursor.execute(_LIST, [SILENT_AFTER_S] * 3).fetchall()
