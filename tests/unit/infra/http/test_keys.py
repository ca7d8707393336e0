from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from infra.http.keys import ApiKeysRefused, KeyGuard, KeyRefused, parse_keys
from infra.settings import Scope
from tests.fakes.store import FakeReadModelStore
from tests.unit.query_api.conftest import client_of

KEYS = "ada:read:r-secret, ops:operate:o-secret,root:admin:a:secret"


def test_without_configured_keys_everybody_may() -> None:
    assert KeyGuard(()).check(None, Scope.ADMIN) == "local"


def test_a_wider_scope_includes_the_narrower() -> None:
    guard = KeyGuard(parse_keys(KEYS))
    assert guard.check("a:secret", Scope.READ) == "root"
    assert guard.check("o-secret", Scope.OPERATE) == "ops"
    with pytest.raises(KeyRefused, match="ada may read") as refused:
        guard.check("r-secret", Scope.OPERATE)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "text", ["ada", "ada:read:", ":read:x", "ada:write:x", "ada:read:x,ada:admin:y", "a:read:x,b:read:x"]
)
def test_a_setting_that_is_no_list_of_keys_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ApiKeysRefused) as refused:
        parse_keys(text)
    assert "read:x" not in str(refused.value)


def test_a_key_is_not_shown_when_printed() -> None:
    assert "r-secret" not in repr(parse_keys(KEYS))


@pytest.fixture(scope="module")
def guarded() -> Iterator[TestClient]:
    """Yield a client of an API for which keys are configured."""
    with client_of(FakeReadModelStore(), api_keys=KEYS) as client:
        yield client


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("wrong", 401), ("r-secret", 200)])
@pytest.mark.parametrize("route", ["/machines", "/metrics", "/topics", "/contracts", "/anomalies"])
def test_reading_needs_a_key_once_keys_are_configured(
    guarded: TestClient, route: str, key: str | None, status: int
) -> None:
    assert guarded.get(route, headers={} if key is None else {"X-API-Key": key}).status_code == status


def test_health_is_open_and_the_reference_asks_for_a_key_too(guarded: TestClient) -> None:
    assert guarded.get("/health").status_code == 200
    assert {guarded.get(route).status_code for route in ("/docs", "/openapi.json")} == {401}


def test_a_refused_key_is_told_as_a_problem_with_the_way_on(guarded: TestClient) -> None:
    answer = guarded.get("/machines")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "X-API-Key" in answer.headers["WWW-Authenticate"]
    assert "X-API-Key" in answer.json()["detail"]
