"""One question's view of the builds that serve; lives as long as its transaction."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
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

STATED: Final = sql.SQL("""
    SELECT {read_model} AS read_model, content
    FROM {build}.definition
    WHERE file = 'projection.toml'
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

COLUMNS: Final = """
    SELECT column_name AS name
    FROM information_schema.columns
    WHERE table_schema = %(schema)s
        AND table_name = %(table)s
    ORDER BY ordinal_position
"""

ROWS: Final = sql.SQL("SELECT {columns}, {key} FROM {table} WHERE {which} ORDER BY {order} LIMIT {limit}")
BEHIND: Final = sql.SQL("({columns}) > ({values})")

KNOWN: Final = "known_at"
UNTIL: Final = "until_"
"""What ended a row later: the only columns of a row that may change after its known_at."""


class PostgresSnapshot:
    """A Snapshot on a connection whose transaction has begun."""

    def __init__(
        self,
        connection: Connection,
        builds: Mapping[str, int],
        checkpoints: Sequence[Checkpoint],
        *,
        lag_seconds: float | None,
        complete_to: datetime | None,
    ) -> None:
        self._connection = connection
        self.builds = builds
        self.checkpoints = checkpoints
        self.lag_seconds = lag_seconds
        self.complete_to = complete_to

    @classmethod
    async def of(
        cls,
        connection: Connection,
        builds: Mapping[str, int],
        *,
        lag_seconds: float | None,
        complete_to: datetime | None,
    ) -> Self:
        """Point the transaction's search path at the builds and read their checkpoints."""
        schemas = [schema_of(name, number) for name, number in builds.items()]
        path = ", ".join(sql.Identifier(schema).as_string(connection) for schema in schemas)
        await connection.execute("SELECT set_config('search_path', %s, true)", [path or "pg_catalog"])
        found = await _of_builds(connection, CHECKPOINTS, builds)
        checkpoints = [Checkpoint(**row) for row in found]
        return cls(connection, builds, checkpoints, lag_seconds=lag_seconds, complete_to=complete_to)

    async def keep_days(self) -> Mapping[str, int | None]:
        """Return for each build how many days of rows it keeps, as it was told when it was made."""
        found = await _of_builds(self._connection, STATED, self.builds)
        return {row["read_model"]: tomllib.loads(row["content"]).get("keep_days") for row in found}

    async def fetch(self, statement: str, parameters: Mapping[str, object], row: Callable[..., T]) -> list[T]:
        """Return `row(**columns)` for each row, in the statement's order."""
        found = await self._connection.execute(statement.encode(), dict(parameters))
        return [row(**cells) for cells in await found.fetchall()]

    async def table(
        self, name: str, *, after: Sequence[str] | None, limit: int, as_of: datetime | None = None
    ) -> TableRows:
        """Return rows of any table of the one read model of this snapshot, behind the key `after`."""
        [(read_model, number)] = self.builds.items()
        schema = schema_of(read_model, number)
        asked = {"schema": schema, "table": name}
        key = await self.fetch(PRIMARY_KEY, asked, columns)
        if not key:
            there = await self.fetch(TABLES, {"schema": schema}, columns)
            names = ", ".join(row["name"] for row in there)
            raise NotKnown(f"Read model {read_model} has no table {name}; it has {names}.")
        if after is not None and len(after) != len(key):
            raise ParameterRefused(f"cursor: the key of {name} has {len(key)} parts; leave it out to start anew")
        shown = [row["name"] for row in await self.fetch(COLUMNS, asked, columns)]
        if as_of is not None and KNOWN not in shown:
            raise ParameterRefused(
                f"as_of: table {name} has no column {KNOWN}, so it is only there as it is now; leave it out"
            )
        statement = _rows_statement(schema, name, shown=shown, key=key, after=after, limit=limit, as_of=as_of)
        found = await self._connection.execute(statement)
        return _table_rows(await found.fetchall(), shown, keys=len(key))


async def _of_builds(
    connection: Connection, statement: sql.SQL, builds: Mapping[str, int]
) -> Sequence[Mapping[str, Any]]:
    """Return the rows of a statement about one build, for all of them."""
    parts = [
        statement.format(read_model=sql.Literal(name), build=sql.Identifier(schema_of(name, number)))
        for name, number in builds.items()
    ]
    if not parts:
        return []
    found = await connection.execute(sql.SQL(" UNION ALL ").join(parts))
    return await found.fetchall()


def schema_of(read_model: str, build: int) -> str:
    """Return the name of a build's PostgreSQL schema."""
    return f"{read_model}_b{build}"


def _rows_statement(
    schema: str,
    name: str,
    *,
    shown: Sequence[str],
    key: Sequence[Mapping[str, str]],
    after: Sequence[str] | None,
    limit: int,
    as_of: datetime | None,
) -> sql.Composed:
    table = sql.Identifier(schema, name)
    parts = [sql.Identifier(schema, name, part["name"]) for part in key]
    which: list[sql.Composable] = [sql.SQL("true")]
    if after is not None:
        values = [
            sql.SQL("{}::{}").format(sql.Literal(value), sql.SQL(part["type"]))
            for value, part in zip(after, key, strict=True)
        ]
        which.append(BEHIND.format(columns=sql.SQL(", ").join(parts), values=sql.SQL(", ").join(values)))
    if as_of is not None:
        which.append(sql.SQL("{} <= {}").format(sql.Identifier(KNOWN), sql.Literal(as_of)))
    ends = UNTIL + KNOWN in shown
    return ROWS.format(
        table=table,
        columns=sql.SQL(", ").join(_column(column, as_of if ends else None) for column in shown),
        key=sql.SQL(", ").join(
            sql.SQL("{}::text AS {}").format(column, sql.Identifier(_key_name(place)))
            for place, column in enumerate(parts)
        ),
        which=sql.SQL(" AND ").join(which),
        order=sql.SQL(", ").join(parts),
        limit=sql.Literal(limit),
    )


def _column(name: str, as_of: datetime | None) -> sql.Composable:
    """Return the column; what ended the row after `as_of` is null."""
    column = sql.Identifier(name)
    if as_of is None or not name.startswith(UNTIL):
        return column
    return sql.SQL("CASE WHEN {ended} <= {as_of} THEN {column} END AS {column}").format(
        ended=sql.Identifier(UNTIL + KNOWN), as_of=sql.Literal(as_of), column=column
    )


def _table_rows(rows: Sequence[Mapping[str, Any]], shown: Sequence[str], *, keys: int) -> TableRows:
    last = rows[-1] if rows else {}
    return TableRows(
        columns=tuple(shown),
        rows=tuple(tuple(row[column] for column in shown) for row in rows),
        last_key=tuple(str(last[_key_name(place)]) for place in range(keys)) if rows else (),
    )


def _key_name(place: int) -> str:
    return f"key part {place}"
