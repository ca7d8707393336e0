"""What projectors say of themselves, as the routes about the system read it."""

from typing import Any, Final

from query_api.bodies.operations import BuildStatus, ProjectionStatus, ProofStatus, ReadModelStatus
from query_api.store import Snapshot, columns

SILENT_AFTER_S: Final = 10.0
"""A projector that has not reported for this long is not running: it reports about once a second."""

STATUSES: Final = """
    SELECT
        builds.read_model,
        builds.build,
        serving.build IS NOT NULL AS serving,
        builds.created_at,
        builds.loaded_at,
        CASE
            WHEN NOT builds.followed
                AND (status.updated_at IS NULL OR now() - status.updated_at > %(silent_after_s)s * interval '1 s')
                THEN 'unfinished'
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


PROOFS: Final = """
    SELECT DISTINCT ON (read_model)
        read_model,
        proved_at,
        equal,
        build,
        against_build,
        rows,
        seconds,
        positions,
        differences
    FROM telltale.proofs
    ORDER BY read_model, proof DESC
"""

SWAPS: Final = """
    SELECT DISTINCT ON (read_model)
        read_model,
        swapped_at,
        CASE
            WHEN because IS NOT NULL THEN because
            WHEN undo THEN 'undone'
            ELSE 'rebuilt from the log and proven equal'
        END AS because
    FROM telltale.swaps
    ORDER BY read_model, swap DESC
"""


async def statuses(snapshot: Snapshot) -> list[ProjectionStatus]:
    """Return every build that is there, with what its projector last said."""
    return [_status(**row) for row in await _builds(snapshot)]


async def read_models(snapshot: Snapshot) -> list[ReadModelStatus]:
    """Return every read model that serves, with all its builds, its last proof and its last swap."""
    rows = await _builds(snapshot)
    proofs = {row.pop("read_model"): ProofStatus(**row) for row in await snapshot.fetch(PROOFS, {}, columns)}
    swaps = {row["read_model"]: row for row in await snapshot.fetch(SWAPS, {}, columns)}
    answer = []
    for row in rows:
        if not row["serving"]:
            continue
        name = row["read_model"]
        swap = swaps.get(name, {"swapped_at": None, "because": None})
        answer.append(
            ReadModelStatus(
                **dict(_status(**row)),
                builds=[_build(**build) for build in rows if build["read_model"] == name],
                last_proof=proofs.get(name),
                swapped_at=swap["swapped_at"],
                swapped_because=swap["because"],
            )
        )
    return answer


async def _builds(snapshot: Snapshot) -> list[dict[str, Any]]:
    return await snapshot.fetch(STATUSES, {"silent_after_s": SILENT_AFTER_S}, columns)


def _build(**row: Any) -> BuildStatus:
    return BuildStatus(**{name: row[name] for name in BuildStatus.model_fields})


def _status(*, cause: str | None, state: str, created_at: object, loaded_at: object, **row: Any) -> ProjectionStatus:
    del created_at, loaded_at  # of the build, not of its projector
    if state == "silent":
        cause = cause or f"its projector has not reported since {row['reported_at']:%H:%M:%S} UTC: telltale status"
    elif state == "unknown":
        cause = "its projector has never reported: telltale projector"
    elif state == "unfinished":
        cause = f"of a rebuild that did not end: telltale rebuild {row['read_model']} goes on with it"
    return ProjectionStatus(state=state, cause=cause, **row)
