"""The query API as an ASGI application: GET only, over the read models that serve now."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse

from query_api.asking import Backend
from query_api.bodies.common import Problem
from query_api.drifting import DriftMeter
from query_api.examples import add_examples
from query_api.metrics import Metrics, Timed
from query_api.outlook import Outlooks
from query_api.reference_page import reference_page
from query_api.routes import (
    champions,
    comparisons,
    contracts,
    dead_letters,
    drift,
    explanation,
    flat,
    freshness,
    health,
    incidents,
    machines,
    operations,
    readings,
    stream,
    swimlane,
    tables,
    verdicts,
)
from query_api.store import ReadModelStore
from query_api.verdict_feed import VerdictFeed
from query_api.verification import VerdictVerifier

DESCRIPTION: Final = (
    "What machines did and what the scorer said of it, from read models that are built from the log. Writing is the "
    "command service's. Times are UTC; from and to are about when something happened, as_of about when the log knew."
)

PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Problem, "description": words}
    for status, words in {
        401: "No key, or a wrong one",
        404: "Not known",
        410: "Older than a read model keeps",
        422: "A parameter can't be understood or honoured",
        503: "The database or the read model is not there yet",
    }.items()
}

ROUTERS: Final = (
    flat.router,
    machines.router,
    readings.router,
    swimlane.router,
    incidents.router,
    explanation.router,
    verdicts.router,
    stream.router,
    champions.router,
    comparisons.router,
    drift.router,
    freshness.router,
    operations.router,
    contracts.router,
    dead_letters.router,
    tables.router,
)


def create_app(
    *,
    store: ReadModelStore,
    outlooks: Outlooks,
    clock: Callable[[], datetime],
    may_read: Callable[..., str],
    version: str,
    verifier: VerdictVerifier | None = None,
    drift_meter: DriftMeter | None = None,
) -> FastAPI:
    """Return the application; `may_read` is the dependency that refuses whoever may not read. Health is open."""
    watched = store.apart()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        for one in (store, watched):
            await one.open()
        try:
            yield
        finally:
            for one in (store, watched):
                await one.close()

    app = FastAPI(
        title="Telltale", summary=DESCRIPTION, version=version, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    metrics = Metrics()
    app.state.backend = Backend(
        store=store,
        clock=clock,
        metrics=metrics,
        log=outlooks.log,
        registry=outlooks.registry,
        judging=outlooks.judging,
        stack=outlooks.stack,
        verifier=verifier,
        drift=drift_meter,
    )
    app.state.feed = VerdictFeed(watched)
    app.add_middleware(Timed, metrics=metrics)
    app.include_router(health.router)
    for router in ROUTERS:
        app.include_router(router, dependencies=[Depends(may_read)], responses=PROBLEMS)
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """Add examples to the OpenAPI description, and the page that shows it."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        return app.openapi_schema or add_examples(plain())

    def docs() -> HTMLResponse:
        return HTMLResponse(reference_page(app.openapi()))

    app.openapi = described  # type: ignore[method-assign]
    app.add_api_route("/docs", docs, include_in_schema=False)
