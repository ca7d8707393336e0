"""What every request passes before an application of ours sees it, the same for both services.

In this order, so that a stranger costs nothing: the host that was asked for, the key, the body's type, its size and
depth, and the time that it takes to arrive. The gate also puts the safety headers on every answer, answers HEAD as
GET without the body, and tells an error of ours as a problem while keeping the connection.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.http.bodies import BodyRefused, JsonShape
from infra.http.keys import KeyRefused, key_refusal
from infra.http.problems import Refusal, problem_response, surprise_refusal

LARGEST_BODY: Final = 2 * 1024 * 1024
"""Bytes of a body where a route says nothing else: 200 commands at once of 2,000 characters each."""

BODY_WITHIN_S: Final = 30.0
"""A body of the largest size comes in this time over 5 Mbit/s."""

AVRO_TYPES: Final = frozenset({"application/avro", "avro/binary", "application/vnd.apache.avro"})

SAFETY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

OPEN_PATHS: Final = frozenset({"/health", "/health/ready"})
"""For whoever watches whether the service lives; they tell nothing that was measured."""

ENDLESS_PATHS: Final = frozenset({"/stream"})
"""HEAD is not answered here: there is no whole answer whose headers it could tell."""

_BODY_METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRules:
    """What this service lets pass.

    check: raises KeyRefused for a key that may not come in. hosts: names that this service is asked under, besides
    localhost and plain addresses. larger: most bytes of a body by path, where it is not LARGEST_BODY.
    """

    check: Callable[[str | None], object]
    hosts: Collection[str] = ()
    larger: Mapping[str, int] = field(default_factory=dict)
    takes_avro: Collection[str] = ()
    body_within_s: float = BODY_WITHIN_S


class Gate:
    """Middleware: the outermost of an application."""

    def __init__(self, app: ASGIApp, rules: GateRules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, without_body=scope["method"] == "HEAD")
        try:
            refusal, body = await self._admit(scope, receive)
            if refusal is not None:
                await problem_response(refusal)(scope, receive, answer.send)
                return
            if scope["method"] == "HEAD" and scope["path"] not in ENDLESS_PATHS:
                scope = {**scope, "method": "GET"}
            await self._app(scope, _told_again(body, receive), answer.send)
        except Exception as error:
            if answer.begun:
                raise
            await problem_response(surprise_refusal(error))(scope, receive, answer.send)

    async def _admit(self, scope: Scope, receive: Receive) -> tuple[Refusal | None, bytes]:
        """Return the whole body, or why the request goes no further."""
        headers = Headers(scope=scope)
        if not is_own_host(headers.get("host", ""), self._rules.hosts):
            detail = (
                "This service is not called by the name in the header Host. If it should be, put the name into "
                "TELLTALE_ALLOWED_HOSTS."
            )
            return Refusal(HTTPStatus.MISDIRECTED_REQUEST, detail, {"Connection": "close"}), b""
        try:
            if scope["path"] not in OPEN_PATHS:
                self._rules.check(headers.get("x-api-key"))
            if scope["method"] in _BODY_METHODS and (_has_body(headers) or "origin" in headers):
                # A browser tells the origin with every such request; whoever sends no body and is none needs no type.
                self._require_type(scope["path"], headers.get("content-type", ""))
            return None, await self._body(scope, headers, receive)
        except KeyRefused as error:
            refusal = key_refusal(error)
        except BodyRefused as error:
            refusal = Refusal(error.status, str(error))
        if _has_body(headers):
            # The rest of the body is not waited for, so the connection can't be used again.
            refusal = Refusal(refusal.status, refusal.detail, {**refusal.headers, "Connection": "close"}, refusal.more)
        return refusal, b""

    def _require_type(self, path: str, told: str) -> None:
        """Refuse what a form or a script of another page could send without asking us first."""
        media_type = media_type_of(told)
        if media_type == "application/json" or media_type.endswith("+json"):
            return
        if path in self._rules.takes_avro:
            if media_type in AVRO_TYPES:
                return
            also = " or application/avro"
        else:
            also = ""
        raise BodyRefused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type must be application/json{also}, not {media_type!r}."
        )

    async def _body(self, scope: Scope, headers: Headers, receive: Receive) -> bytes:
        if not _has_body(headers):
            return b""
        most = self._rules.larger.get(scope["path"], LARGEST_BODY)
        told = headers.get("content-length", "0")
        if told.isdecimal() and int(told[:20]) > most:
            raise BodyRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"More than {most:,} bytes: send less.")
        shape = None if media_type_of(headers.get("content-type", "")) in AVRO_TYPES else JsonShape()
        held = bytearray()
        try:
            async with asyncio.timeout(self._rules.body_within_s):
                async for piece in _pieces(receive):
                    held += piece
                    if len(held) > most:
                        raise BodyRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"More than {most:,} bytes: send less.")
                    if shape is not None:
                        shape.feed(piece)
                    await asyncio.sleep(0)  # a large body must not keep the others waiting
        except TimeoutError as error:
            raise BodyRefused(
                HTTPStatus.REQUEST_TIMEOUT, f"The body did not arrive within {self._rules.body_within_s:g} s."
            ) from error
        return bytes(held)


class _Answer:
    """The way back: puts the safety headers on, leaves the body out where only headers were asked for."""

    def __init__(self, send: Send, *, without_body: bool) -> None:
        self._send = send
        self._without_body = without_body
        self.begun = False

    async def send(self, message: Message) -> None:
        """Pass one message on."""
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(raw=list(message.get("headers", [])))
            for name, value in SAFETY_HEADERS.items():
                headers.setdefault(name, value)
            message = {**message, "headers": headers.raw}
        elif message["type"] == "http.response.body" and self._without_body:
            message = {**message, "body": b""}
        await self._send(message)


def is_own_host(told: str, names: Collection[str]) -> bool:
    """Return whether a Host header names this service: a plain address, localhost or one of `names`.

    A web page can let a name of its own point here, but never an address: that would be another site.
    """
    name = told.rpartition(":")[0] if told.rpartition(":")[2].isdecimal() else told
    name = name.lower().removeprefix("[").removesuffix("]").removesuffix(".")
    if name == "localhost" or name in {known.lower() for known in names}:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def media_type_of(content_type: str) -> str:
    """Return the type of a Content-Type header without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


def _told_again(body: bytes, receive: Receive) -> Receive:
    """Return a receive that tells the whole body at once, then whatever comes after it."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
