"""What every request must pass before a route, or its body, is looked at: host, origin, key, content type, size, depth.

One gate for both services. A web page that somebody has open, a client without a key, or one that sends without end
must cost next to nothing; what is refused is told as a problem, and the connection lives on.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from infra.http.bodies import BodyRefused, JsonShape
from infra.http.keys import KeyGuard, KeyRefused, key_refusal
from infra.http.problems import Refusal, problem_response, surprise_refusal
from infra.settings import Scope

Scope_ = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope_, Receive, Send], Awaitable[None]]

LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "[::1]", "testserver"})
"""Hosts that a browser on this machine may name; `testserver` is what test clients say, and no DNS name."""

LARGEST_BODY: Final = 256 * 1024
"""Bytes of a command: its longest text has 4,000 characters, and 200 commands come at once at most."""

CHUNK_WITHIN_S: Final = 20.0
"""Between two pieces of a body."""

OPEN_PATHS: Final = frozenset({"/health", "/health/ready"})
"""What a load balancer asks, without a key."""

_BODY_METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_JSON_TYPES: Final = frozenset({"application/json"})
_BODY_TYPES: Final = frozenset({"application/json", "application/avro", "avro/binary", "application/vnd.apache.avro"})
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
)


class Refused(Exception):
    """The request does not pass."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.refusal = Refusal(status, detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a service lets in; largest: bytes of a body by path, LARGEST_BODY for those not named."""

    hosts: frozenset[str] = LOOPBACK_HOSTS
    largest: Mapping[str, int] = field(default_factory=dict)


def allowed_hosts(more: Iterable[str]) -> frozenset[str]:
    """Return the host names that requests may carry: loopback's, and those that the settings add."""
    return LOOPBACK_HOSTS | {host.strip().lower() for host in more if host.strip()}


class Gate:
    """ASGI middleware around a whole service."""

    def __init__(self, app: App, *, guard: KeyGuard, limits: Limits) -> None:
        self._app = app
        self._guard = guard
        self._limits = limits

    async def __call__(self, scope: Scope_, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        head_only = scope["method"] == "HEAD"
        answer = _Answer(send, head_only=head_only)
        try:
            headers = _headers_of(scope)
            self._require_host(headers)
            self._require_origin(headers)
            self._require_key(scope, headers)
            held = await self._body(scope, headers, receive) if scope["method"] in _BODY_METHODS else None
        except Refused as refused:
            await problem_response(refused.refusal)(scope, receive, answer)
            return
        except KeyRefused as refused:
            await problem_response(key_refusal(refused))(scope, receive, answer)
            return
        if head_only:
            scope = {**scope, "method": "GET"}
        try:
            await self._app(scope, receive if held is None else _given(held, receive), answer)
        except Exception as error:
            if answer.begun:
                raise
            # Told here, and not by the server, which would close the connection.
            await problem_response(surprise_refusal(error))(scope, receive, answer)

    def _require_host(self, headers: Mapping[str, str]) -> None:
        """Refuse names of others that lead here (DNS rebinding): their pages could read our answers."""
        host = headers.get("host", "").lower()
        name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
        if name not in self._limits.hosts:
            raise Refused(
                HTTPStatus.MISDIRECTED_REQUEST,
                f"Host {host!r} is not one that this service answers to; TELLTALE_ALLOWED_HOSTS adds names.",
            )

    def _require_origin(self, headers: Mapping[str, str]) -> None:
        origin = headers.get("origin")
        if origin is None:
            return
        try:
            name = (urlsplit(origin).hostname or "").lower()
        except ValueError:
            name = ""
        if name not in self._limits.hosts and f"[{name}]" not in self._limits.hosts:
            raise Refused(HTTPStatus.FORBIDDEN, f"A page from {origin!r} may not ask this service.")

    def _require_key(self, scope: Scope_, headers: Mapping[str, str]) -> None:
        """Ask for the key before a byte of the body is read; what it may do is the route's to say."""
        if scope["path"] not in OPEN_PATHS:
            self._guard.check(headers.get("x-api-key"), Scope.READ)

    async def _body(self, scope: Scope_, headers: Mapping[str, str], receive: Receive) -> bytes:
        largest = self._limits.largest.get(scope["path"], LARGEST_BODY)
        declared = headers.get("content-length", "0")
        if declared.isdecimal() and int(declared) > largest:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"More than {largest:,} bytes: send less.")
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            held = await _read(receive, largest, JsonShape() if media_type in _JSON_TYPES else None)
        except BodyRefused as refused:
            raise Refused(HTTPStatus(refused.status), str(refused)) from refused
        if held and media_type not in _BODY_TYPES:
            raise Refused(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                f"Content-Type {media_type or 'missing'!r}: send application/json, or Avro for readings.",
            )
        return held


class _Answer:
    """Adds the headers that every answer carries, and leaves out the body of an answer to HEAD."""

    def __init__(self, send: Send, *, head_only: bool) -> None:
        self._send = send
        self._head_only = head_only
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            held = {name for name, _ in message.get("headers", ())}
            added = [pair for pair in _HEADERS if pair[0] not in held]
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        elif message["type"] == "http.response.body" and self._head_only:
            message = {**message, "body": b""}
        await self._send(message)


async def _read(receive: Receive, largest: int, shape: JsonShape | None) -> bytes:
    held = bytearray()
    while True:
        try:
            message = await asyncio.wait_for(receive(), CHUNK_WITHIN_S)
        except TimeoutError:
            raise Refused(HTTPStatus.REQUEST_TIMEOUT, f"No byte of the body for {CHUNK_WITHIN_S:g} s.") from None
        if message["type"] != "http.request":
            raise Refused(HTTPStatus.BAD_REQUEST, "The connection was closed before the body's end.")
        held += message.get("body", b"")
        if len(held) > largest:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"More than {largest:,} bytes: send less.")
        if shape is not None:
            shape.feed(message.get("body", b""))
        if not message.get("more_body", False):
            return bytes(held)
        await asyncio.sleep(0)  # a large body must not keep the others waiting


def _given(body: bytes, receive: Receive) -> Receive:
    """Return a receive that gives a body that was read already, and after it what the connection says."""
    first = True

    async def given() -> Message:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return given


def _headers_of(scope: Scope_) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
