"""How complete answers are."""

from typing import Final

from fastapi import APIRouter, Response

from query_api.asking import Ask, complete_to_of
from query_api.bodies.operations import Freshness
from query_api.judging_light import judging_of
from query_api.store import Snapshot, columns

router = APIRouter(tags=["operations"])

COUNTS: Final = """
    SELECT
        count(DISTINCT machine_id) AS machines,
        count(DISTINCT (machine_id, sensor_id)) AS sensors,
        coalesce(sum(readings), 0)::bigint AS readings,
        max(last_known_at) AS last_reading_known_at
    FROM sensors
"""


@router.get("/freshness", response_model=Freshness, summary="How complete answers are")
async def freshness(ask: Ask) -> Response:
    """Return up to when the log is in the answers, and how much that is, and whether what arrives is judged."""
    judging = await judging_of(ask.backend)

    async def question(snapshot: Snapshot) -> Freshness:
        counted = await snapshot.fetch(COUNTS, {}, columns)
        now = ask.now()
        return Freshness(
            now=now,
            complete_to=complete_to_of(snapshot.checkpoints, snapshot.lag_seconds, now),
            behind_s=snapshot.lag_seconds,
            judging=judging,
            **counted[0],
        )

    return await ask.answer(("sensors", "readings", "anomalies"), question)
