"""Whether the API answers and whether its read models move; open to everybody."""

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, Request, Response

from query_api.asking import Backend
from query_api.models.operations import Health, ProjectionStatus, Readiness
from query_api.rendering import JSON, as_json
from query_api.routes.status import statuses

router = APIRouter(tags=["health"])

BEHIND_AFTER_S: Final = 10.0
"""Lag from which readers are told."""


@router.get("/health", response_model=Health, summary="The process answers")
async def health() -> Response:
    """Return at once; asks nothing of anything else."""
    return Response(as_json(Health()), media_type=JSON)


@router.get("/health/ready", response_model=Readiness, summary="The read models move")
async def ready(request: Request) -> Response:
    """Return 503 when a serving read model is stopped or stalled."""
    backend: Backend = request.app.state.backend
    found = await backend.store.read((), statuses)
    answer = readiness_of(found)
    return Response(as_json(answer), 503 if answer.status == "stopped" else 200, media_type=JSON)


def readiness_of(found: Sequence[ProjectionStatus]) -> Readiness:
    """Return whether the serving builds move: the worst of them decides."""
    serving = [status for status in found if status.serving]
    stopped = [f"{status.read_model}: {status.cause or status.state}" for status in serving if not status.moving]
    lags = [status.lag_seconds for status in serving if status.lag_seconds is not None]
    lag = max(lags, default=None)
    if stopped or not serving:
        return Readiness(status="stopped", lag_seconds=lag, stopped=stopped or ["no read model has been built yet"])
    status = "behind" if lag is not None and lag > BEHIND_AFTER_S else "ok"
    return Readiness(status=status, lag_seconds=lag, stopped=[])
