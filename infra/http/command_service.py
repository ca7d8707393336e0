"""The command service as it is served: what people and senders want, behind keys, refusals as problems."""

from collections.abc import Callable
from dataclasses import asdict, replace
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from commands.event_log import WriterFenced
from commands.handle_incident import IncidentHandler
from commands.handle_incident_route import incident_routes
from commands.promote_model import PromoteModelHandler, PromotionRefused
from commands.promote_model_route import champion_of, promote_routes, rejection_of
from commands.record_readings import RecordReadingsHandler
from commands.record_readings_route import LARGEST_BODY, NothingRecorded, record_readings_routes
from domain.appending import EventNotAppended, LogFull
from domain.rejections import CommandRejected
from infra.http.gate import LOOPBACK_HOSTS, Gate, Limits
from infra.http.given_names import NameRefused, in_the_name_given, name_refused
from infra.http.keys import KeyGuard, KeyRefused, key_refusal
from infra.http.known_parameters import UnknownParameter, asked_rightly, unknown_parameter
from infra.http.problems import Refusal, install_problems, problem_response
from infra.http.rejections import REJECTIONS, rejected_item, rejection
from infra.settings import Scope
from query_api.reference_page import reference_page

RETRY_AFTER_S: Final = 1

DESCRIPTION: Final = """The write side: readings come in, people decide. Questions are answered by the query API."""


def command_service(
    *,
    record_readings: RecordReadingsHandler,
    promote_model: PromoteModelHandler,
    incidents: IncidentHandler,
    guard: KeyGuard,
    version: str,
    hosts: frozenset[str] = LOOPBACK_HOSTS,
    end: Callable[[], None],
) -> FastAPI:
    """Return the command service; `end` is called when another one has taken over, since this one can write no more."""
    app = FastAPI(title="Telltale command service", summary=DESCRIPTION, version=version, docs_url=None, redoc_url=None)
    may_operate = asked_rightly(guard.requires(Scope.OPERATE))
    app.include_router(record_readings_routes(record_readings, actor=may_operate))
    person = in_the_name_given(may_operate)
    app.include_router(promote_routes(promote_model, actor=person))
    app.include_router(incident_routes(incidents, actor=person, refusal=rejected_item))

    @app.get("/health", tags=["health"])
    def health() -> dict[str, str]:
        """Say that the process answers."""
        return {"status": "ok"}

    @app.get("/health/ready", tags=["health"])
    def ready() -> dict[str, str]:
        """Say that commands are carried out: the log was read to its end before this address was listened on."""
        return {"status": "ok"}

    def fenced(error: Exception) -> Refusal:
        end()
        return _unavailable(error)

    async def rejected(request: Request, error: Exception) -> Response:
        refusal = rejection(error)
        champion = champion_of(promote_model.lines.newest(request.path_params.get("profile", "")))
        return problem_response(replace(refusal, more={**champion, **refusal.more}))

    def refused_by_the_gate(error: Exception) -> Refusal:
        assert isinstance(error, PromotionRefused)  # noqa: S101 - registered for this class
        champion = champion_of(promote_model.lines.newest(error.rejection.model.name))
        return Refusal(HTTPStatus.CONFLICT, str(error), more={**champion, **rejection_of(error)})

    install_problems(
        app,
        {
            KeyRefused: key_refusal,
            NameRefused: name_refused,
            UnknownParameter: unknown_parameter,
            **REJECTIONS,
            EventNotAppended: _unavailable,
            LogFull: lambda error: Refusal(HTTPStatus.INSUFFICIENT_STORAGE, str(error)),
            NothingRecorded: _nothing_recorded,
            PromotionRefused: refused_by_the_gate,
            WriterFenced: fenced,
        },
    )
    app.add_exception_handler(CommandRejected, rejected)

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(reference_page(app.openapi()))

    app.add_middleware(Gate, guard=guard, limits=Limits(hosts=hosts, largest={"/readings": LARGEST_BODY}))
    return app


def _nothing_recorded(error: Exception) -> Refusal:
    assert isinstance(error, NothingRecorded)  # noqa: S101 - registered for this class
    refused = [asdict(item) for item in error.refused]
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), more={"refused": refused})


def _unavailable(error: Exception) -> Refusal:
    return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, str(error), {"Retry-After": str(RETRY_AFTER_S)})
