"""Arrow rows to PostgreSQL, as COPY's binary format."""

from collections.abc import Sequence

import pgpq
import psycopg
import pyarrow as pa
from psycopg import sql


def copy_rows(connection: psycopg.Connection, table: str, pieces: Sequence[pa.RecordBatch]) -> None:
    """Append the rows of all pieces, which share one schema, to the columns of `table` that carry their names.

    COPY sends bytes and no types: a column's bytes must be what the table's type reads.
    """
    schema = pieces[0].schema
    encoder = pgpq.ArrowToPostgresBinaryEncoder(schema)
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, schema.names))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(encoder.write_header())
        for piece in pieces:
            copy.write(encoder.write_batch(piece))
        copy.write(encoder.finish())
