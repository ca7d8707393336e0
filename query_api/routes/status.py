"""What projectors say of themselves, as the routes about the system read it."""

from typing import Any, Final

from query_api.models.operations import ProjectionStatus
from query_api.store import Snapshot

SILENT_AFTER_S: Final = 10.0
"""A projector that has not reported for this long is not running: it reports about once a second."""

STATUSES: Final = """
    SELECT
        builds.read_model,
        builds.build,
        serving.build IS NOT NULL AS serving,
        CASE
            WHEN status.updated_at IS NULL THEN 'unknown'
            WHEN status.state <> 'stopped' AND now() - status.updated_at > %(silent_after_s)s * interval '1 s'
                THEN 'silent'
            ELSE status.state
        END AS state,
        status.cause,
        status.position,
        status.lag_offsets,
        status.lag_seconds + greatest(extract(epoch FROM now() - status.updated_at)::float8, 0) AS lag_seconds,
        status.records_per_second AS rate_per_s,
        status.known_at,
        status.updated_at AS reported_at
    FROM telltale.builds AS builds
    LEFT JOIN telltale.serving AS serving USING (read_model, build)
    LEFT JOIN telltale.projector_status AS status USING (read_model, build)
    WHERE builds.discarded_at IS NULL
    ORDER BY builds.read_model, builds.build DESC
"""


async def statuses(snapshot: Snapshot) -> list[ProjectionStatus]:
    """Return every build that is there, with what its projector last said."""
    return await snapshot.fetch(STATUSES, {"silent_after_s": SILENT_AFTER_S}, _status)


def _status(*, cause: str | None, state: str, **row: Any) -> ProjectionStatus:
    if state == "silent":
        cause = cause or f"its projector has not reported since {row['reported_at']:%H:%M:%S} UTC: telltale status"
    elif state == "unknown":
        cause = "its projector has never reported: telltale projector"
    return ProjectionStatus(state=state, cause=cause, **row)
