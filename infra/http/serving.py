"""Serving an application until told to stop."""

import asyncio
import socket
from contextlib import ExitStack
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

GRACE_S: Final = 1
"""For requests under way when told to stop; streams never end by themselves."""

BACKLOG: Final = 512
"""Connections that wait while the loop is busy."""


HEADERS_WITHIN_S: Final = 10.0
"""For the first request of a connection: one that says nothing holds a file descriptor, and no more."""


class ImpatientProtocol(H11Protocol):
    """Closes a connection that has not brought a whole request head in time."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock."""
        super().connection_made(transport)
        self._late = self.loop.call_later(HEADERS_WITHIN_S, self._close_if_silent)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._late.cancel()
        super().connection_lost(exc)

    def _close_if_silent(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


class AddressTaken(OSError):
    """The address can't be listened on."""


def serve(app: Any, *, host: str, port: int) -> None:
    """Answer requests until SIGTERM or SIGINT; requests under way are finished first.

    Raises:
        AddressTaken: something else listens there.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=65,
        server_header=False,
        http=ImpatientProtocol,
    )
    with listen(host, port) as listener:
        uvicorn.Server(config).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there.

    Raises:
        AddressTaken: something else does.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # The protocol is named (TCP, not 0), as asyncio turns Nagle's algorithm off on such sockets only; with it
        # every answer takes 40 ms more.
        with ExitStack() as undo:
            listener = undo.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
            undo.pop_all()
    except OSError as error:
        raise AddressTaken(f"{host}:{port} can't be listened on: {error.strerror}") from error
    return listener
