"""The query API's way into PostgreSQL: read-only snapshots of the builds that serve.

One question is one REPEATABLE READ transaction: the pointer `telltale.serving` is read, the search path set to the
builds' schemas, then the question's statements run. So no question sees two builds of one read model, nor one read
model later than another, and a swap of the pointer disturbs none of them. Statements are never prepared on the
server: a plan kept across a swap would belong to the old build's tables.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import psycopg
import structlog
from psycopg import AsyncConnection, IsolationLevel, errors
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from infra.postgres.read_snapshot import PostgresSnapshot
from query_api.errors import ParameterRefused, ReadModelNotServed, RequestRefused, StoreNotReachable
from query_api.store import Snapshot

T = TypeVar("T")
Connection = AsyncConnection[dict[str, Any]]

POOL_SIZE: Final = 8
"""Questions at a time: PostgreSQL beside us has few cores, more would only make each slower."""

CONNECT_TIMEOUT_S: Final = 2.0
RECONNECT_FOR_S: Final = 60.0
"""How long a lost connection is tried again before the next request tries anew."""

STATEMENT_TIMEOUT_MS: Final = 10_000
"""No route scans; whatever takes this long is stuck, and must not hold a connection."""

log = structlog.get_logger()

# A projector reports about once a second; since then what it does not know of has aged.
SERVING: Final = """
    SELECT
        serving.read_model,
        serving.build,
        status.lag_seconds + greatest(extract(epoch FROM now() - status.updated_at)::float8, 0) AS lag_seconds,
        status.complete_to
    FROM telltale.serving AS serving
    LEFT JOIN telltale.projector_status AS status USING (read_model, build)
    WHERE serving.read_model = ANY(%(read_models)s)
"""


class PostgresReadStore:
    """A ReadModelStore over a pool of read-only connections.

    Connections are asynchronous, so that requests which wait (min_position, the stream) cost no thread each.
    """

    def __init__(self, dsn: str, *, size: int = POOL_SIZE) -> None:
        self._dsn = dsn
        self._size = size
        self._pool: AsyncConnectionPool[Connection] | None = None

    def apart(self) -> "PostgresReadStore":
        """Return the same read models over two connections of their own."""
        return PostgresReadStore(self._dsn, size=2)

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
            min_size=min(2, self._size),
            max_size=self._size,
            timeout=CONNECT_TIMEOUT_S,
            reconnect_timeout=RECONNECT_FOR_S,
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
        except _LOST as error:
            if isinstance(error, _NOT_LOST):
                raise _refusal(error) from error
            log.warning("question_asked_again", cause=_first_line(error))
        except psycopg.Error as error:
            raise _refusal(error) from error
        try:
            if self._pool is not None:
                await self._pool.check()  # when one connection was lost, the idle ones are too
            return await self._ask(read_models, question)
        except psycopg.Error as error:
            raise _refusal(error) from error

    async def _ask(self, read_models: Sequence[str], question: Callable[[Snapshot], Awaitable[T]]) -> T:
        if self._pool is None:
            raise StoreNotReachable("The API is starting or stopping; ask again.")
        async with self._pool.connection() as connection:
            served = await connection.execute(SERVING, {"read_models": list(read_models)})
            rows = await served.fetchall()
            builds = {row["read_model"]: row["build"] for row in rows}
            if missing := [name for name in read_models if name not in builds]:
                raise ReadModelNotServed(f"Not built yet: {', '.join(missing)}. telltale projector builds read models.")
            lags = [row["lag_seconds"] for row in rows]
            lag = None if None in lags else max(lags, default=None)
            ends = [row["complete_to"] for row in rows]
            complete_to = None if None in ends else min(ends, default=None)
            snapshot = await PostgresSnapshot.of(connection, builds, lag_seconds=lag, complete_to=complete_to)
            return await question(snapshot)


# A connection that was lost, or a build discarded between pointer and question: asking again finds another.
_LOST: Final = (psycopg.OperationalError, errors.UndefinedTable)
_NOT_LOST: Final = (PoolTimeout, errors.QueryCanceled)


def _refusal(error: psycopg.Error) -> RequestRefused:
    """Return what a database error means to whoever asked."""
    match error:
        case errors.QueryCanceled():
            return StoreNotReachable(
                f"The database did not finish within {STATEMENT_TIMEOUT_MS // 1000} s. Ask for a shorter range."
            )
        case psycopg.DataError():
            return ParameterRefused(f"The database can't hold a value that was asked for: {_first_line(error)}")
        case errors.UndefinedTable() | errors.UndefinedColumn():
            return ReadModelNotServed(
                f"A read model of this route was built by an earlier version ({_first_line(error)}): "
                "telltale rebuild NAME. telltale projections list names them."
            )
        case errors.InsufficientPrivilege():
            return StoreNotReachable(f"The API's database role may not read this: {_first_line(error)}")
        case _:
            log.warning("store_not_reachable", cause=_first_line(error))
            return StoreNotReachable("The database of the read models does not answer. telltale status")


def _first_line(error: psycopg.Error) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


async def _configure(connection: Connection) -> None:
    await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
    await connection.set_read_only(True)
