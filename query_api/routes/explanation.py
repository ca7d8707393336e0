"""Where a verdict comes from: its reading, the model that judged, what that was trained on, who promoted it."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from domain.positions import Position
from query_api.asking import AskAsOf, Asking
from query_api.bodies.anomalies import (
    Explanation,
    ModelLineage,
    PromotionLineage,
    ReadingLineage,
    Verdict,
    Verification,
)
from query_api.errors import NotKnown, VerifierAway
from query_api.routes.verdicts import VERDICT, verdict
from query_api.store import Snapshot, columns

router = APIRouter(tags=["verdicts"])

READ_MODELS: Final = ("anomalies", "readings", "scoring", "models", "contracts")

READING: Final = """
    SELECT readings.event_id, readings.recorded_at, readings.known_at, series.profile
    FROM readings
    JOIN series USING (series)
    WHERE readings.partition = %(partition)s
        AND readings."offset" = %(offset)s
        AND readings.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
"""

# The one version of the contract that was published before the reading; with several only the record's header knows.
SCHEMA_ID: Final = """
    SELECT min(id) AS schema_id
    FROM contracts
    WHERE topic = %(topic)s
        AND event = 'telltale.SensorReadingRecorded'
        AND known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    HAVING count(DISTINCT id) = 1
"""

MODEL: Final = """
    SELECT
        detectors,
        rows,
        manifest,
        manifest_sha256,
        known_at AS trained_at,
        'model-events/0/' || "offset" AS trained_position
    FROM model_versions
    WHERE name || '/' || version = %(model)s
        AND known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
"""

SCORES_SINCE: Final = """
    SELECT
        source_topic || '/' || source_partition || '/' || from_offset AS scores_since,
        model_events_offset
    FROM scoring_model_changes
    WHERE source_topic = %(topic)s
        AND source_partition = %(partition)s
        AND artifact_sha256 = %(artifact_sha256)s
        AND from_offset <= %(offset)s
        AND known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ORDER BY from_offset DESC
    LIMIT 1
"""

# The promotion that the scorer followed; while its record of it is not here yet, the newest of this version.
PROMOTION: Final = """
    SELECT
        actor,
        because,
        forced,
        known_at AS promoted_at,
        'model-events/0/' || "offset" AS position
    FROM champions
    WHERE name || '/' || version = %(model)s
        AND known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ORDER BY "offset" = %(model_events_offset)s::bigint DESC NULLS LAST, "offset" DESC
    LIMIT 1
"""


@router.get("/anomalies/{event_id}/explanation", response_model=Explanation, summary="Where a verdict comes from")
async def explanation(
    ask: AskAsOf,
    event_id: UUID,
    *,
    verify: Annotated[bool, Query(description="Judge the reading again from the log and compare.")] = False,
) -> Response:
    """Return the lineage of a verdict: reading, model, training and promotion, each with its position in the log.

    With verify=true the reading is judged again, and every part held against the log: it takes seconds.
    """
    verification = await _verified(ask, event_id) if verify else None

    async def question(snapshot: Snapshot) -> Explanation:
        explained = await _explain(snapshot, event_id, ask.as_of)
        return explained.model_copy(update={"verification": verification})

    return await ask.answer(READ_MODELS, question)


async def _verified(ask: Asking, event_id: UUID) -> Verification:
    """Judge again what the read model holds now, outside its transaction, which must not last for seconds."""
    if ask.backend.verifier is None:
        raise VerifierAway("verify: this API was started without a way to the log")

    async def question(snapshot: Snapshot) -> Verdict:
        return await _verdict(snapshot, event_id, ask.as_of)

    return await ask.backend.verifier.verify(await ask.backend.store.read(("anomalies",), question))


async def _verdict(snapshot: Snapshot, event_id: UUID, as_of: datetime | None) -> Verdict:
    found = await snapshot.fetch(VERDICT, {"event_id": event_id, "as_of": as_of}, verdict)
    if not found:
        raise NotKnown(f"No verdict {event_id}. GET /verdicts lists them.")
    return found[0]


async def _explain(snapshot: Snapshot, event_id: UUID, as_of: datetime | None) -> Explanation:
    judged = await _verdict(snapshot, event_id, as_of)
    position = Position.parse(judged.reading_position)
    since = await snapshot.fetch(
        SCORES_SINCE,
        {
            "topic": position.topic,
            "partition": position.partition,
            "offset": position.offset,
            "artifact_sha256": judged.model.artifact_sha256,
            "as_of": as_of,
        },
        columns,
    )
    promoted_by = since[0]["model_events_offset"] if since else None
    promotion = await snapshot.fetch(
        PROMOTION,
        {"model": judged.model.model, "model_events_offset": promoted_by, "as_of": as_of},
        PromotionLineage,
    )
    return Explanation(
        verdict=judged,
        reading=await _reading(snapshot, judged, position, as_of),
        model=await _model(snapshot, judged, since[0]["scores_since"] if since else None, as_of),
        promotion=promotion[0] if promotion else None,
    )


async def _reading(snapshot: Snapshot, judged: Verdict, position: Position, as_of: datetime | None) -> ReadingLineage:
    place = {"topic": position.topic, "partition": position.partition, "offset": position.offset, "as_of": as_of}
    stored = await snapshot.fetch(READING, place, columns)
    schema = await snapshot.fetch(SCHEMA_ID, place, columns)
    row = stored[0] if stored else {}
    return ReadingLineage(
        event_id=judged.reading_event_id,
        position=judged.reading_position,
        schema_id=schema[0]["schema_id"] if schema else None,
        recorded_at=judged.recorded_at,
        known_at=row.get("known_at"),
        profile=row.get("profile", judged.model.profile),
        source=None,
        measurements=judged.measurements,
    )


async def _model(snapshot: Snapshot, judged: Verdict, scores_since: str | None, as_of: datetime | None) -> ModelLineage:
    trained = await snapshot.fetch(MODEL, {"model": judged.model.model, "as_of": as_of}, columns)
    row = trained[0] if trained else {}
    return ModelLineage(
        model=judged.model.model,
        profile=judged.model.profile,
        artifact_sha256=judged.model.artifact_sha256,
        detectors=row.get("detectors", []),
        trained_at=row.get("trained_at"),
        rows=row.get("rows"),
        manifest_sha256=row.get("manifest_sha256"),
        manifest=row.get("manifest"),
        trained_position=row.get("trained_position"),
        scores_since=scores_since,
    )
