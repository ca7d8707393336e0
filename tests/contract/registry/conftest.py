"""The registry of the tests' own stack."""

from collections.abc import Iterator

import pytest

from infra.registry.client import RegistryClient
from infra.settings import Settings


@pytest.fixture
def real_registry(stack_settings: Settings) -> Iterator[RegistryClient]:
    with RegistryClient(stack_settings.registry_url) as client:
        yield client
