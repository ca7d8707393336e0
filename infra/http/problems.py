"""Errors as `application/problem+json` (RFC 9457), the same from every service of ours."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

MEDIA_TYPE: Final = "application/problem+json"
_NO_HEADERS: Final[Mapping[str, str]] = {}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Refusal:
    """How an exception is told over HTTP; `more` are further members of the problem."""

    status: int
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, object] = field(default_factory=dict)


def install_problems(
    app: FastAPI,
    refusals: Mapping[type[Exception], Callable[[Exception], Refusal]] = {},
) -> None:
    """Let `app` tell every error as a problem; `refusals` says how for exceptions of its own, subclasses included."""

    def handler(
        refusal_of: Callable[[Exception], Refusal],
    ) -> Callable[[Request, Exception], Awaitable[Response]]:
        async def handle(_request: Request, error: Exception) -> Response:
            return problem_response(refusal_of(error))

        return handle

    for kind, refusal_of in {**_BUILT_IN, **refusals}.items():
        app.add_exception_handler(kind, handler(refusal_of))


def problem_response(refusal: Refusal) -> Response:
    """Return the response that tells a refusal."""
    problem = {
        "type": "about:blank",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "detail": refusal.detail,
        **refusal.more,
    }
    content = json.dumps(problem, ensure_ascii=False, default=str)
    return Response(content, refusal.status, media_type=MEDIA_TYPE, headers=dict(refusal.headers))


def _of_http(error: Exception) -> Refusal:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    detail = str(error.detail)
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = "No such route. GET /docs lists them."
    return Refusal(error.status_code, detail, dict(error.headers or _NO_HEADERS))


def _of_validation(error: Exception) -> Refusal:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    faults = [
        {"where": ".".join(str(part) for part in fault["loc"][1:]) or str(fault["loc"][0]), "what": fault["msg"]}
        for fault in error.errors()
    ]
    detail = "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults)
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, detail, more={"errors": faults})


def surprise_refusal(error: Exception) -> Refusal:
    """Return how an error that nothing foresaw is told; the log gets it in full."""
    log.error("request_failed", exc_info=error)
    return Refusal(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        f"An error of ours ({type(error).__name__}); the service's log has it in full.",
    )


_BUILT_IN: Final[Mapping[type[Exception], Callable[[Exception], Refusal]]] = {
    HTTPException: _of_http,
    RequestValidationError: _of_validation,
    Exception: surprise_refusal,
}
