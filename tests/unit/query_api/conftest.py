"""The query API over a fake store, its clock standing still."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from infra.settings import Settings
from infra.wiring.container import Container
from tests.builders import NOON
from tests.fakes.outlook import FakeJudgingOutlook, FakeLogOutlook, FakeRegistryOutlook, FakeStackOutlook
from tests.fakes.store import FakeReadModelStore


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[FakeReadModelStore, TestClient]]:
    """Yield a store and a client of the API over it; made once, since making an application takes most of a test."""
    store = FakeReadModelStore()
    with client_of(store) as client:
        yield store, client


@pytest.fixture
def store(served: tuple[FakeReadModelStore, TestClient]) -> FakeReadModelStore:
    """Return a store that serves every read model, all empty."""
    served[0].forget()
    return served[0]


@pytest.fixture
def client(store: FakeReadModelStore, served: tuple[FakeReadModelStore, TestClient]) -> TestClient:
    """Return a client of an API over `store` that asks for no key."""
    return served[1]


def client_of(
    store: FakeReadModelStore,
    *,
    api_keys: str = "",
    log: FakeLogOutlook | None = None,
    registry: FakeRegistryOutlook | None = None,
    judging: FakeJudgingOutlook | None = None,
    stack: FakeStackOutlook | None = None,
) -> TestClient:
    """Return a client of the API over `store`; by default the log is away and the registry answers."""
    container = Container()
    container.settings.override(Settings(api_keys=SecretStr(api_keys)))
    container.read_store.override(store)
    container.log_outlook.override(log or FakeLogOutlook())
    container.registry_outlook.override(registry or FakeRegistryOutlook())
    container.judging_outlook.override(judging or FakeJudgingOutlook())
    container.stack_outlook.override(stack or FakeStackOutlook())
    container.clock.override(lambda: NOON)
    return TestClient(container.query_app(), raise_server_exceptions=False)
