"""What a request must pass before anybody looks at it."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from infra.http.bodies import DEEPEST
from infra.http.gate import LARGEST_BODY, Gate, Limits, allowed_hosts
from infra.http.keys import ApiKey, KeyGuard
from infra.settings import Scope

JSON = {"content-type": "application/json"}


@pytest.fixture
def looked_at() -> list[int]:
    """Return the sizes of bodies that came through."""
    return []


@pytest.fixture
def client(looked_at: list[int]) -> TestClient:
    return a_client(looked_at, KeyGuard(()))


def a_client(looked_at: list[int], guard: KeyGuard) -> TestClient:
    app = FastAPI()

    @app.post("/things")
    async def things(request: Request) -> dict[str, str]:
        looked_at.append(len(await request.body()))
        return {"status": "ok"}

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    app.add_middleware(Gate, guard=guard, limits=Limits(hosts=allowed_hosts(["plant.example"])))
    return TestClient(app)


def test_a_host_name_that_is_not_ours_is_refused_and_one_of_the_settings_is_not(client: TestClient) -> None:
    assert client.get("/health", headers={"Host": "evil.example:8000"}).status_code == 421
    assert client.get("/health", headers={"Host": "plant.example:8000"}).status_code == 200
    assert client.get("/health", headers={"Host": "[::1]:8000"}).status_code == 200


def test_a_web_page_from_elsewhere_may_not_post_and_nothing_of_it_is_looked_at(
    client: TestClient, looked_at: list[int]
) -> None:
    for headers in ({"Origin": "https://evil.example", **JSON}, {"content-type": "text/plain"}, {"Origin": "null"}):
        assert client.post("/things", content=b"{}", headers=headers).status_code in {403, 415}
    assert client.post("/things", content=b"{}", headers={"Origin": "http://127.0.0.1:8501", **JSON}).status_code == 200
    assert looked_at == [2]


def test_without_a_key_no_body_is_read(looked_at: list[int]) -> None:
    client = a_client(looked_at, KeyGuard((ApiKey("ada", Scope.OPERATE, "secret"),)))
    refused = client.post("/things", content=b"{", headers=JSON)
    assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
    assert client.post("/things", content=b"{}", headers={**JSON, "X-API-Key": "secret"}).status_code == 200
    assert client.get("/health").status_code == 200
    assert looked_at == [2]


def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(
    client: TestClient, looked_at: list[int]
) -> None:
    assert client.post("/things", content=b" " * (LARGEST_BODY + 1), headers=JSON).status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(LARGEST_BODY // 1000 + 2):
            yield b" " * 1000

    assert client.post("/things", content=pieces(), headers=JSON).status_code == 413
    assert looked_at == []


def test_a_body_that_nests_too_deep_is_refused_and_brackets_in_texts_do_not_count(client: TestClient) -> None:
    deep = b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1)
    assert client.post("/things", content=deep, headers=JSON).status_code == 422
    assert client.post("/things", content=b'["' + b"[" * 5000 + b'"]', headers=JSON).status_code == 200


def test_every_answer_tells_browsers_to_trust_nothing(client: TestClient) -> None:
    for answer in (client.get("/health"), client.get("/nowhere"), client.get("/health", headers={"Host": "evil"})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_head_is_get_without_the_body(client: TestClient) -> None:
    asked = client.head("/health")
    assert (asked.status_code, asked.content) == (200, b"")
