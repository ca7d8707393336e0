import socket

import pytest
from fastapi import FastAPI

from infra.http.serving import AddressTaken, listen, serve


def test_a_taken_port_is_named() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressTaken, match=f"127.0.0.1:{port} can't be listened on"):
            serve(FastAPI(), host="127.0.0.1", port=port)


def test_answers_are_not_held_back_for_an_acknowledgement() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP  # asyncio sets TCP_NODELAY where it sees this
