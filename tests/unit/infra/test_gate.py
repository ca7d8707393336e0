"""The gate: a stranger costs nothing, a web page of others gets nowhere, an error leaves the connection usable."""

import json
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from infra.http.gate import LARGEST_BODY, Gate, GateRules, is_own_host
from infra.http.keys import ApiKey, KeyGuard
from infra.http.problems import install_problems
from infra.settings import Scope

JSON = {"content-type": "application/json"}


def client_behind_gate(*, keys: tuple[ApiKey, ...] = ()) -> TestClient:
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
    guard = KeyGuard(keys)
    rules = GateRules(check=lambda key: guard.check(key, Scope.READ), hosts=("plant.example",))
    app.add_middleware(Gate, rules=rules)
    return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("told", "own"),
    [
        ("127.0.0.1:8000", True),
        ("localhost", True),
        ("[::1]:8000", True),
        ("nowhere:80", False),
        ("10.1.2.3:80", True),
        ("PLANT.example:80", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("", False),
    ],
)
def test_only_addresses_and_names_that_were_told_are_its_own(told: str, *, own: bool) -> None:
    assert is_own_host(told, ("plant.example",)) is own


def test_a_name_that_somebody_pointed_here_is_refused() -> None:
    answer = client_behind_gate().get("/fine", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["content-type"]) == (421, "application/problem+json")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_that_a_foreign_page_may_send_is_refused(media_type: str) -> None:
    answer = client_behind_gate().post("/echo", content=b"{}", headers={"content-type": media_type})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]


def test_a_foreign_page_cannot_command_without_a_body_either() -> None:
    assert client_behind_gate().post("/echo", headers={"Origin": "https://evil.example"}).status_code == 415
    assert client_behind_gate().post("/echo").status_code == 200


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"[" * 100_000, 422),
        (b'{"a":' * 40, 422),
        (b"[" + b"[]," * 5_000_00 + b"[]]", 413),
        (b" " * (LARGEST_BODY + 1), 413),
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


@pytest.mark.parametrize("route", ["/fine", "/openapi.json", "/docs", "/nowhere"])
def test_the_key_is_asked_for_first_everywhere(route: str) -> None:
    client = client_behind_gate(keys=(ApiKey("ada", Scope.READ, "reads"),))
    assert client.get(route).status_code == 401
    assert client.post(route, content=b"[" * LARGEST_BODY, headers=JSON).status_code == 401
    assert client.get(route, headers={"X-API-Key": "reads"}).status_code in {200, 404}


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
