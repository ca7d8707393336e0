"""The query API over a fake store, its clock standing still."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from infra.container import Container
from infra.settings import Settings
from tests.builders import NOON
from tests.fake_read_models import FakeReadModelStore


@pytest.fixture
def store() -> FakeReadModelStore:
    """Return a store that serves every read model, all empty."""
    return FakeReadModelStore()


@pytest.fixture
def client(store: FakeReadModelStore) -> Iterator[TestClient]:
    """Yield a client of an API that asks for no key."""
    with client_of(store) as opened:
        yield opened


def client_of(store: FakeReadModelStore, *, api_keys: str = "") -> TestClient:
    """Return a client of the API over `store`."""
    container = Container()
    container.settings.override(Settings(api_keys=SecretStr(api_keys)))
    container.read_store.override(store)
    container.clock.override(lambda: NOON)
    return TestClient(container.query_app(), raise_server_exceptions=False)
