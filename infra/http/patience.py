"""HTTP connections that are given up when the headers of a request do not come."""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_WITHIN_S: Final = 10.0
"""From the first byte, or the connection, to the last header: one packet of any client that means it."""


class PatientProtocol(H11Protocol):
    """Uvicorn's own, with a time by which headers must have come; bodies are the gate's matter."""

    headers_within_s: float = HEADERS_WITHIN_S

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._giving_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn declares it
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take what came; wait on when it ends inside the headers of a request."""
        super().data_received(data)
        begun = self.cycle is not None and (self._answering() or not self.conn.trailing_data[0])
        if begun:
            self._stop_waiting()
        elif self._giving_up is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        self._giving_up = self.loop.call_later(self.headers_within_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None

    def _give_up(self) -> None:
        self._giving_up = None
        if not self._answering() and not self.transport.is_closing():
            self.transport.close()
