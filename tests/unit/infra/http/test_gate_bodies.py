"""The gate looks at bodies while they arrive, and an error leaves the connection usable."""

import json
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from infra.http.gate import Gate, Limits
from infra.http.keys import KeyGuard
from infra.http.problems import install_problems

JSON = {"content-type": "application/json"}


def client_behind_gate() -> TestClient:
    """Return a client of an application that echoes how much it was sent."""
    app = FastAPI()

    @app.post("/echo")
    async def echo(request: Request) -> int:
        return len(await request.body())

    @app.get("/fine")
    async def fine() -> str:
        return "fine"

    @app.get("/broken")
    async def broken() -> str:
        raise ZeroDivisionError("secret")

    install_problems(app)
    app.add_middleware(Gate, guard=KeyGuard(()), limits=Limits(largest={"/echo": 2_000_000}))
    return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"[" * 100_000, 422),
        (b'{"a":' * 40, 422),
        (b"[" + b"[]," * 5_000_00 + b"[]]", 413),
        (b" " * (2_000_001), 413),
        (json.dumps({"text": "[[[[[[" * 20 + '\\"'}).encode(), 200),
        (b'"' + b"\\" * 1000, 200),
    ],
)
def test_size_and_depth_are_judged_before_anything_parses(content: bytes, status: int) -> None:
    def in_pieces() -> Iterator[bytes]:
        for at in range(0, len(content), 10_007):
            yield content[at : at + 10_007]

    assert client_behind_gate().post("/echo", content=content, headers=JSON).status_code == status
    assert client_behind_gate().post("/echo", content=in_pieces(), headers=JSON).status_code == status


def test_an_error_of_ours_is_a_problem_and_the_connection_lives_on() -> None:
    answer = client_behind_gate().get("/broken")
    assert (answer.status_code, "secret" in answer.text) == (500, False)
    assert answer.headers.get("connection") != "close"


def test_every_answer_tells_browsers_to_be_careful() -> None:
    for route in ("/fine", "/broken", "/nowhere"):
        headers = client_behind_gate().get(route).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_head_is_get_without_the_body() -> None:
    asked, told = client_behind_gate().get("/fine"), client_behind_gate().head("/fine")
    assert (told.status_code, told.content) == (200, b"")
    assert told.headers["content-length"] == asked.headers["content-length"]
