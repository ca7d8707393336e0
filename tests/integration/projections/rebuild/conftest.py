"""A database of the test's own."""

from collections.abc import Iterator
from itertools import count

import psycopg
import pytest

from infra.host.embedded.postgres import PostgresService
from infra.postgres.connections import connect_for_writing
from tests.integration.query_api.conftest import a_database

_numbers = count(1)


@pytest.fixture
def dsn(postgres: PostgresService) -> str:
    """Return an empty database of the test's own."""
    return a_database(postgres, f"rebuild_{next(_numbers)}")


@pytest.fixture
def connection(dsn: str) -> Iterator[psycopg.Connection]:
    with connect_for_writing(dsn, name="test") as opened:
        yield opened
