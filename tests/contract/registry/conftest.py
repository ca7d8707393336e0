"""A registry and a log of the tests' own: never those that somebody uses, since the suites write into them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.registry.client import RegistryClient
from infra.settings import Settings


@pytest.fixture(scope="session")
def stack_settings() -> Settings:
    home = os.environ.get("TELLTALE_TEST_HOME")
    if not home:
        pytest.skip("TELLTALE_TEST_HOME names no home of a running stack for tests")
    return Settings(home=Path(home))


@pytest.fixture
def real_registry(stack_settings: Settings) -> Iterator[RegistryClient]:
    with RegistryClient(stack_settings.registry_url) as client:
        yield client
