"""Whether the API answers, and whether what arrives is judged and shown; open to everybody."""

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, Request, Response

from domain.judging import JudgingState
from query_api.asking import Backend
from query_api.bodies.operations import Health, JudgingAnswer, ProjectionStatus, Readiness
from query_api.judging_light import judging_of
from query_api.rendering import JSON, as_json
from query_api.routes.status import statuses

router = APIRouter(tags=["health"])

BEHIND_AFTER_S: Final = 10.0
"""Lag from which readers are told."""


@router.get("/health", response_model=Health, summary="The process answers")
async def health() -> Response:
    """Return at once; asks nothing of anything else."""
    return Response(as_json(Health()), media_type=JSON)


@router.get("/health/ready", response_model=Readiness, summary="Everything that arrives is judged and shown")
async def ready(request: Request) -> Response:
    """Return 503 when readings are not judged, when nobody can say so, or when a serving read model does not move."""
    backend: Backend = request.app.state.backend
    judging = await judging_of(backend)
    found = await backend.store.read((), statuses)
    answer = readiness_of(found, judging)
    return Response(as_json(answer), 503 if answer.status == "stopped" else 200, media_type=JSON)


def readiness_of(found: Sequence[ProjectionStatus], judging: JudgingAnswer) -> Readiness:
    """Return whether readings are judged and the serving builds move: the worst decides."""
    serving = [status for status in found if status.serving]
    stopped = [f"{status.read_model}: {status.cause or status.state}" for status in serving if not status.moving]
    if not serving:
        stopped.append("no read model has been built yet")
    if judging.state not in (JudgingState.JUDGED, JudgingState.CATCHING_UP):
        stopped.insert(0, f"readings: {judging.cause}")
    lag = max((status.lag_seconds for status in serving if status.lag_seconds is not None), default=None)
    status = "ok"
    if stopped:
        status = "stopped"
    elif judging.state == JudgingState.CATCHING_UP or (lag is not None and lag > BEHIND_AFTER_S):
        status = "behind"
    return Readiness(status=status, lag_seconds=lag, stopped=stopped, judging=judging)
