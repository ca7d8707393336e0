"""One question's view of the builds that serve; lives as long as its transaction."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Self, TypeVar

from psycopg import AsyncConnection, sql

from query_api.errors import NotKnown, ParameterRefused
from query_api.store import Checkpoint, TableRows, columns

T = TypeVar("T")
Connection = AsyncConnection[dict[str, Any]]

CHECKPOINTS: Final = sql.SQL("""
    SELECT {read_model} AS read_model, topic, partition, next_offset, known_at
    FROM {build}.checkpoint
""")

# Only tables that stand in the catalogue under the build's own schema can be read.
PRIMARY_KEY: Final = """
    SELECT attribute.attname AS name, format_type(attribute.atttypid, attribute.atttypmod) AS type
    FROM pg_catalog.pg_class AS class
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
    JOIN pg_catalog.pg_index AS index ON index.indrelid = class.oid AND index.indisprimary
    CROSS JOIN LATERAL unnest(index.indkey::int2[]) WITH ORDINALITY AS part (attnum, place)
    JOIN pg_catalog.pg_attribute AS attribute
        ON attribute.attrelid = class.oid
        AND attribute.attnum = part.attnum
    WHERE namespace.nspname = %(schema)s
        AND class.relname = %(table)s
    ORDER BY part.place
"""

TABLES: Final = """
    SELECT tablename AS name
    FROM pg_catalog.pg_tables
    WHERE schemaname = %(schema)s
    ORDER BY tablename
"""

ROWS: Final = sql.SQL("SELECT {table}.*, {key} FROM {table} {behind} ORDER BY {order} LIMIT {limit}")
BEHIND: Final = sql.SQL("WHERE ({columns}) > ({values})")


class PostgresSnapshot:
    """A Snapshot on a connection whose transaction has begun."""

    def __init__(
        self,
        connection: Connection,
        builds: Mapping[str, int],
        checkpoints: Sequence[Checkpoint],
        lag_seconds: float | None,
    ) -> None:
        self._connection = connection
        self.builds = builds
        self.checkpoints = checkpoints
        self.lag_seconds = lag_seconds

    @classmethod
    async def of(cls, connection: Connection, builds: Mapping[str, int], *, lag_seconds: float | None) -> Self:
        """Point the transaction's search path at the builds and read their checkpoints."""
        schemas = [schema_of(name, number) for name, number in builds.items()]
        path = ", ".join(sql.Identifier(schema).as_string(connection) for schema in schemas)
        await connection.execute("SELECT set_config('search_path', %s, true)", [path or "pg_catalog"])
        checkpoints: list[Checkpoint] = []
        if builds:
            parts = [
                CHECKPOINTS.format(read_model=sql.Literal(name), build=sql.Identifier(schema))
                for name, schema in zip(builds, schemas, strict=True)
            ]
            found = await connection.execute(sql.SQL(" UNION ALL ").join(parts))
            checkpoints = [Checkpoint(**row) for row in await found.fetchall()]
        return cls(connection, builds, checkpoints, lag_seconds)

    async def fetch(self, statement: str, parameters: Mapping[str, object], row: Callable[..., T]) -> list[T]:
        """Return `row(**columns)` for each row, in the statement's order."""
        found = await self._connection.execute(statement.encode(), dict(parameters))
        return [row(**cells) for cells in await found.fetchall()]

    async def table(self, name: str, *, after: Sequence[str] | None, limit: int) -> TableRows:
        """Return rows of any table of the one read model of this snapshot, behind the key `after`."""
        [(read_model, number)] = self.builds.items()
        schema = schema_of(read_model, number)
        key = await self.fetch(PRIMARY_KEY, {"schema": schema, "table": name}, columns)
        if not key:
            there = await self.fetch(TABLES, {"schema": schema}, columns)
            names = ", ".join(row["name"] for row in there)
            raise NotKnown(f"Read model {read_model} has no table {name}; it has {names}.")
        if after is not None and len(after) != len(key):
            raise ParameterRefused(f"cursor: the key of {name} has {len(key)} parts; leave it out to start anew")
        found = await self._connection.execute(_rows_statement(schema, name, key=key, after=after, limit=limit))
        return _table_rows(await found.fetchall(), [column.name for column in found.description or ()], keys=len(key))


def schema_of(read_model: str, build: int) -> str:
    """Return the name of a build's PostgreSQL schema."""
    return f"{read_model}_b{build}"


def _rows_statement(
    schema: str, name: str, *, key: Sequence[Mapping[str, str]], after: Sequence[str] | None, limit: int
) -> sql.Composed:
    table = sql.Identifier(schema, name)
    parts = [sql.Identifier(schema, name, part["name"]) for part in key]
    behind: sql.Composable = sql.SQL("")
    if after is not None:
        values = [
            sql.SQL("{}::{}").format(sql.Literal(value), sql.SQL(part["type"]))
            for value, part in zip(after, key, strict=True)
        ]
        behind = BEHIND.format(columns=sql.SQL(", ").join(parts), values=sql.SQL(", ").join(values))
    return ROWS.format(
        table=table,
        key=sql.SQL(", ").join(
            sql.SQL("{}::text AS {}").format(column, sql.Identifier(_key_name(place)))
            for place, column in enumerate(parts)
        ),
        behind=behind,
        order=sql.SQL(", ").join(parts),
        limit=sql.Literal(limit),
    )


def _table_rows(rows: Sequence[Mapping[str, Any]], names: Sequence[str], *, keys: int) -> TableRows:
    shown = names[: len(names) - keys]
    last = rows[-1] if rows else {}
    return TableRows(
        columns=tuple(shown),
        rows=tuple(tuple(row[column] for column in shown) for row in rows),
        last_key=tuple(str(last[_key_name(place)]) for place in range(keys)) if rows else (),
    )


def _key_name(place: int) -> str:
    return f"key part {place}"
