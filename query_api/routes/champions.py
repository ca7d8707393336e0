"""Model versions, and who was champion when and why."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from query_api.asking import AskAsOf
from query_api.bodies.champions import ModelVersion, Reign, Timeline
from query_api.bodies.common import Page
from query_api.cursors import decode_cursor, encode_cursor
from query_api.errors import NotKnown
from query_api.parameters import Cursor, Limit
from query_api.routes.comparisons import comparisons_of, rejections_of
from query_api.store import Snapshot, columns

router = APIRouter(tags=["models"])

VERSIONS: Final = """
    SELECT
        model_versions.name || '/' || model_versions.version AS model,
        model_versions.name,
        model_versions.version,
        model_versions.profile,
        model_versions.artifact_sha256,
        model_versions.detectors,
        model_versions.rows,
        model_versions.manifest_sha256,
        model_versions.metrics,
        model_versions.parameters,
        model_versions.known_at AS trained_at,
        'model-events/0/' || model_versions."offset" AS position,
        newest.version IS NOT NULL AND newest.version = model_versions.version AS champion,
        promoted.promoted_at
    FROM model_versions
    LEFT JOIN LATERAL (
        SELECT max(champions.known_at) AS promoted_at
        FROM champions
        WHERE champions.name = model_versions.name
            AND champions.version = model_versions.version
            AND champions.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ) AS promoted ON true
    LEFT JOIN LATERAL (
        SELECT champions.version
        FROM champions
        WHERE champions.name = model_versions.name
            AND champions.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        ORDER BY champions."offset" DESC
        LIMIT 1
    ) AS newest ON true
    WHERE (%(name)s::text IS NULL OR model_versions.name = %(name)s)
        AND model_versions.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        AND model_versions."offset" < coalesce(%(log_offset)s::bigint, 9223372036854775807)
    ORDER BY model_versions."offset" DESC
    LIMIT %(limit)s
"""

REIGNS: Final = """
    SELECT
        champions.name || '/' || champions.version AS model,
        champions.profile,
        champions.artifact_sha256,
        champions.known_at AS starts_at,
        CASE
            WHEN champions.until_known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
                THEN champions.until_known_at
        END AS ends_at,
        champions.name || '/' || champions.replaces_version AS replaces,
        champions.because,
        champions.actor,
        champions.forced,
        grounds.comparison_id,
        coalesce(grounds.rollback, false) AS rollback,
        'model-events/0/' || champions."offset" AS position,
        coalesce((
            SELECT json_agg(
                json_build_object(
                    'position', changes.source_topic || '/' || changes.source_partition || '/' || changes.from_offset,
                    'at', changes.known_at,
                    'previous', changes.model_name || '/' || changes.previous_version
                )
                ORDER BY changes.source_partition, changes.from_offset
            )
            FROM scoring_model_changes AS changes
            WHERE changes.model_events_offset = champions."offset"
                AND changes.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        ), '[]') AS scoring
    FROM champions
    LEFT JOIN promotion_grounds AS grounds
        ON grounds."offset" = champions."offset"
    WHERE champions.name = %(name)s
        AND champions.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ORDER BY champions."offset"
"""

LINE: Final = """
    SELECT DISTINCT name
    FROM model_versions
    WHERE name = %(name)s
        AND known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
"""


@router.get("/models", response_model=Page[ModelVersion], summary="Model versions")
async def models(
    ask: AskAsOf,
    name: Annotated[str | None, Query(max_length=200, description="Only this line, such as pump.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Return trained versions, newest first."""
    behind = decode_cursor("models", cursor, (int,))

    async def question(snapshot: Snapshot) -> Page[ModelVersion]:
        asked = {"name": name, "as_of": ask.as_of, "limit": limit, "log_offset": behind[0] if behind else None}
        items = await snapshot.fetch(VERSIONS, asked, ModelVersion)
        last = items[-1] if len(items) == limit else None
        following = encode_cursor("models", (int(last.position.rsplit("/", 1)[1]),)) if last else None
        return Page(items=items, next_cursor=following)

    return await ask.answer(("models",), question)


@router.get("/models/{profile}/timeline", response_model=Timeline, summary="Champions of a line")
async def timeline(ask: AskAsOf, profile: str) -> Response:
    """Return who was champion when, why, and from which reading on it scored; `pump` and `pump@1` mean one line.

    Beside the reigns stand the comparisons that were made and the promotions that the gate refused. With `as_of` the
    last reign is the champion of that moment.
    """
    name = profile.partition("@")[0]

    async def question(snapshot: Snapshot) -> Timeline:
        asked = {"name": name, "as_of": ask.as_of}
        if not await snapshot.fetch(LINE, asked, columns):
            raise NotKnown(f"No model of {name} was trained by then. GET /models lists those that were.")
        return Timeline(
            name=name,
            reigns=await snapshot.fetch(REIGNS, asked, Reign),
            comparisons=await comparisons_of(snapshot, asked),
            rejections=await rejections_of(snapshot, asked),
        )

    return await ask.answer(("models", "scoring", "comparisons"), question)
