"""The query API's way into PostgreSQL: read-only snapshots of the builds that serve.

One question is one REPEATABLE READ transaction: the pointer `telltale.serving` is read, the search path set to the
builds' schemas, then the question's statements run. So no question sees two builds of one read model, nor one read
model later than another, and a swap of the pointer disturbs none of them. Statements are never prepared on the
server: a plan kept across a swap would belong to the old build's tables.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import psycopg
import structlog
from psycopg import AsyncConnection, IsolationLevel, errors
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from infra.postgres.read_snapshot import PostgresSnapshot
from query_api.errors import ParameterRefused, ReadModelNotServed, StoreNotReachable
from query_api.store import Snapshot

T = TypeVar("T")
Connection = AsyncConnection[dict[str, Any]]

POOL_SIZE: Final = 8
"""Questions at a time: PostgreSQL beside us has few cores, more would only make each slower."""

CONNECT_TIMEOUT_S: Final = 2.0
STATEMENT_TIMEOUT_MS: Final = 10_000
"""No route scans; whatever takes this long is stuck, and must not hold a connection."""

log = structlog.get_logger()

SERVING: Final = """
    SELECT read_model, build
    FROM telltale.serving
    WHERE read_model = ANY(%(read_models)s)
"""


class PostgresReadStore:
    """A ReadModelStore over a pool of read-only connections.

    Connections are asynchronous, so that requests which wait (min_position, the stream) cost no thread each.
    """

    def __init__(self, dsn: str, *, size: int = POOL_SIZE) -> None:
        self._dsn = dsn
        self._size = size
        self._pool: AsyncConnectionPool[Connection] | None = None

    async def open(self) -> None:
        """Connect in the background; a database that is away is no reason not to start."""
        self._pool = AsyncConnectionPool(
            self._dsn,
            connection_class=AsyncConnection[dict[str, Any]],
            kwargs={
                "row_factory": dict_row,
                "prepare_threshold": None,
                "connect_timeout": 5,
                "application_name": "telltale-api",
                "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC -c jit=off",
            },
            configure=_configure,
            min_size=2,
            max_size=self._size,
            timeout=CONNECT_TIMEOUT_S,
            reconnect_timeout=60.0,
            open=False,
            name="read-models",
        )
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Give the connections back."""
        if self._pool is not None:
            await self._pool.close()
            self._pool = None

    async def read(self, read_models: Sequence[str], question: Callable[[Snapshot], Awaitable[T]]) -> T:
        """Return the answer to `question`, asked in one snapshot of these read models."""
        try:
            return await self._ask(read_models, question)
        except (psycopg.OperationalError, errors.UndefinedTable) as error:
            # Lost connection, or a build discarded between pointer and question: a question only reads, so ask again.
            log.warning("question_asked_again", cause=str(error).strip())
        try:
            return await self._ask(read_models, question)
        except psycopg.OperationalError as error:
            raise StoreNotReachable("The database of the read models does not answer. telltale status") from error

    async def _ask(self, read_models: Sequence[str], question: Callable[[Snapshot], Awaitable[T]]) -> T:
        async with self._connection() as connection, connection.transaction():
            builds = await _serving(connection, read_models)
            snapshot = await PostgresSnapshot.of(connection, builds)
            return await question(snapshot)
