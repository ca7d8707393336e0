"""Verdicts in full."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from domain.anomalies import Severity
from domain.readings import microseconds
from domain.topics import DATA_PARTITIONS
from query_api.asking import AskAsOf
from query_api.bodies.anomalies import Verdict
from query_api.bodies.common import Page
from query_api.cursors import decode_cursor, encode_cursor, moment_in
from query_api.errors import NotKnown
from query_api.parameters import Cursor, From, Limit, MachineId, SensorId, To, require_order
from query_api.store import Snapshot, columns

router = APIRouter(tags=["verdicts"])

READ_MODELS: Final = ("anomalies",)

VERDICTS: Final = """
    SELECT
        event_id,
        'anomaly-events/' || partition || '/' || "offset" AS position,
        reading_event_id,
        reading_topic || '/' || reading_partition || '/' || reading_offset AS reading_position,
        machine_id,
        sensor_id,
        recorded_at,
        known_at,
        kind,
        kinds,
        score,
        raw_score,
        severity,
        measurements,
        expected,
        contribution,
        json_build_object(
            'model', model_name || '/' || model_version,
            'profile', profile,
            'artifact_sha256', artifact_sha256
        ) AS model,
        partition,
        "offset" AS log_offset
    FROM anomalies
"""

VERDICT_PAGE: Final = (
    VERDICTS
    + """
    WHERE (%(machine_id)s::text IS NULL OR machine_id = %(machine_id)s)
        AND (%(sensor_id)s::text IS NULL OR sensor_id = %(sensor_id)s)
        AND (%(kind)s::text IS NULL OR kind = %(kind)s)
        AND (%(severity)s::text IS NULL OR severity = %(severity)s)
        AND recorded_at >= coalesce(%(starts_at)s::timestamptz, '-infinity')
        AND recorded_at < coalesce(%(ends_at)s::timestamptz, 'infinity')
        AND known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        AND (recorded_at, partition, "offset")
            < (coalesce(%(recorded_at)s::timestamptz, 'infinity'), %(partition)s::int, %(log_offset)s::bigint)
    ORDER BY recorded_at DESC, partition DESC, "offset" DESC
    LIMIT %(limit)s
"""
)

VERDICT: Final = (
    VERDICTS
    + """
    WHERE event_id = %(event_id)s
        AND known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ORDER BY partition, "offset"
    LIMIT 1
"""
)


def verdict(*, partition: int, log_offset: int, **row: Any) -> Verdict:  # noqa: ARG001 - columns of the cursor
    """Return the verdict of a row."""
    return Verdict(**row)


@router.get("/verdicts", response_model=Page[Verdict], summary="Verdicts in full")
async def verdicts(  # noqa: PLR0913 - each is a query parameter
    *,
    ask: AskAsOf,
    machine_id: MachineId = None,
    sensor_id: SensorId = None,
    kind: Annotated[str | None, Query(max_length=100)] = None,
    severity: Annotated[Severity | None, Query(description="Only this severity.")] = None,
    starts_at: From = None,
    ends_at: To = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Return verdicts, newest recorded_at first."""
    require_order(starts_at, ends_at, names=("from", "to"))
    behind = decode_cursor("verdicts", cursor, (int, int, int))
    asked = {
        "machine_id": machine_id,
        "sensor_id": sensor_id,
        "kind": kind,
        "severity": severity,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "as_of": ask.as_of,
        "limit": limit,
        "recorded_at": moment_in(behind[0]) if behind else None,
        "partition": behind[1] if behind else DATA_PARTITIONS,
        "log_offset": behind[2] if behind else 0,
    }

    async def question(snapshot: Snapshot) -> Page[Verdict]:
        rows = await snapshot.fetch(VERDICT_PAGE, asked, columns)
        following = None
        if len(rows) == limit:
            last = rows[-1]
            key = (microseconds(last["recorded_at"]), last["partition"], last["log_offset"])
            following = encode_cursor("verdicts", key)
        return Page(items=[verdict(**row) for row in rows], next_cursor=following)

    return await ask.answer(READ_MODELS, question)


@router.get("/anomalies/{event_id}", response_model=Verdict, summary="One verdict")
async def anomaly(ask: AskAsOf, event_id: UUID) -> Response:
    """Return a verdict by its event_id."""

    async def question(snapshot: Snapshot) -> Verdict:
        found = await snapshot.fetch(VERDICT, {"event_id": event_id, "as_of": ask.as_of}, verdict)
        if not found:
            raise NotKnown(f"No verdict {event_id}. GET /verdicts lists them.")
        return found[0]

    return await ask.answer(READ_MODELS, question)
