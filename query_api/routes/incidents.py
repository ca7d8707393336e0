"""Incidents: what needs somebody, and the whole story of one."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from domain.anomalies import SEVERITY_RANK, Severity
from domain.readings import microseconds
from query_api.asking import AskAsOf
from query_api.bodies.common import Page
from query_api.bodies.incidents import Incident, IncidentInFull, IncidentStep
from query_api.cursors import decode_cursor, encode_cursor, moment_in
from query_api.errors import NotKnown
from query_api.parameters import Cursor, From, Limit, MachineId, To, require_order
from query_api.store import Snapshot, columns

router = APIRouter(tags=["incidents"])

READ_MODELS: Final = ("incidents",)
SEVERITIES: Final = {rank: severity for severity, rank in SEVERITY_RANK.items()}

_STATES: Final = """
    SELECT
        incident_states.incident_id,
        incidents.machine_id,
        incidents.sensor_id,
        incidents.began_at,
        CASE WHEN incident_states.active THEN NULL ELSE incident_states.ended_at END AS ended_at,
        incident_states.active,
        incident_states.severity_rank,
        incident_states.kinds,
        incident_states.channels,
        incident_states.score,
        incidents.model,
        incidents.profile,
        incidents.late,
        incident_states.handling,
        incident_states.handled_by,
        incident_states.handled_at,
        incident_states.judgement,
        incident_states.cause,
        incident_states.worse,
        incident_states.assignee,
        incident_states.comments,
        incident_states.needs_someone,
        incident_states.known_at,
        'incident-events/' || incidents.partition || '/' || incident_states."offset" AS version
    FROM incident_states
    JOIN incidents USING (incident_id)
"""

_NOW: Final = "incident_states.until_known_at IS NULL"
_THEN: Final = """
    incident_states.known_at <= %(as_of)s
    AND (incident_states.until_known_at IS NULL OR incident_states.until_known_at > %(as_of)s)
"""

_WHICH: Final = """
    AND (%(machine_id)s::text IS NULL OR incident_states.machine_id = %(machine_id)s)
    AND incident_states.severity_rank >= %(least)s
    AND incident_states.began_at >= coalesce(%(starts_at)s::timestamptz, '-infinity')
    AND incident_states.began_at < coalesce(%(ends_at)s::timestamptz, 'infinity')
"""

_WORST_FIRST: Final = """
    AND incident_states.needs_someone
    AND (%(behind_rank)s::int IS NULL
        OR (incident_states.severity_rank, incident_states.began_at, incident_states.incident_id)
            < (%(behind_rank)s::int, %(behind_at)s::timestamptz, %(behind_id)s::uuid))
    ORDER BY incident_states.severity_rank DESC, incident_states.began_at DESC, incident_states.incident_id DESC
    LIMIT %(limit)s
"""

_NEWEST_FIRST: Final = """
    AND (%(behind_at)s::timestamptz IS NULL
        OR (incident_states.began_at, incident_states.incident_id) < (%(behind_at)s::timestamptz, %(behind_id)s::uuid))
    ORDER BY incident_states.began_at DESC, incident_states.incident_id DESC
    LIMIT %(limit)s
"""

_ONE: Final = "AND incident_states.incident_id = %(incident_id)s"

_HISTORY: Final = """
    SELECT
        event, known_at, happened_at, actor, kinds, channels, severity, score, said, judgement,
        'incident-events/' || partition || '/' || "offset" AS position
    FROM incident_history
    WHERE incident_id = %(incident_id)s
        AND known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ORDER BY "offset"
"""


def incident(*, severity_rank: int, **row: Any) -> Incident:
    """Return the incident of a row."""
    return Incident(severity=SEVERITIES[severity_rank], **row)


@router.get("/incidents", response_model=Page[Incident], summary="Incidents")
async def incidents(
    *,
    ask: AskAsOf,
    needs_someone: Annotated[
        bool, Query(description="Only those that need somebody, worst first; else all, newest first.")
    ] = False,
    machine_id: MachineId = None,
    severity: Annotated[Severity, Query(description="At least this.")] = Severity.WARNING,
    starts_at: From = None,
    ends_at: To = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Return incidents as they stand, or stood at `as_of`."""
    require_order(starts_at, ends_at, names=("from", "to"))
    behind = decode_cursor("incidents", cursor, (int, int, str))
    asked = {
        "machine_id": machine_id,
        "least": SEVERITY_RANK[severity],
        "starts_at": starts_at,
        "ends_at": ends_at,
        "as_of": ask.as_of,
        "limit": limit,
        "behind_rank": behind[0] if behind else None,
        "behind_at": moment_in(behind[1]) if behind else None,
        "behind_id": behind[2] if behind else None,
    }
    when = _THEN if ask.as_of else _NOW
    order = _WORST_FIRST if needs_someone else _NEWEST_FIRST

    async def question(snapshot: Snapshot) -> Page[Incident]:
        rows = await snapshot.fetch(f"{_STATES} WHERE {when} {_WHICH} {order}", asked, columns)
        following = None
        if len(rows) == limit:
            last = rows[-1]
            key = (last["severity_rank"], microseconds(last["began_at"]), str(last["incident_id"]))
            following = encode_cursor("incidents", key)
        return Page(items=[incident(**row) for row in rows], next_cursor=following)

    return await ask.answer(READ_MODELS, question)


@router.get("/incidents/{incident_id}", response_model=IncidentInFull, summary="One incident")
async def one_incident(ask: AskAsOf, incident_id: UUID) -> Response:
    """Return an incident and all that the log says of it, oldest first."""
    asked = {"incident_id": incident_id, "as_of": ask.as_of}
    when = _THEN if ask.as_of else _NOW

    async def question(snapshot: Snapshot) -> IncidentInFull:
        found = await snapshot.fetch(f"{_STATES} WHERE {when} {_ONE}", asked, incident)
        if not found:
            raise NotKnown(f"No incident {incident_id}. GET /incidents lists them.")
        steps = await snapshot.fetch(_HISTORY, asked, IncidentStep)
        return IncidentInFull(incident=found[0], history=steps)

    return await ask.answer(READ_MODELS, question)
