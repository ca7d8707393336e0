"""Parquet and Arrow files as tables: typed columns, read a batch at a time."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from pyarrow import ipc, parquet

from infra.sources.csv.long_form import long_form_in
from infra.sources.files.opening import NotATable
from infra.sources.files.table import RowBlock, Table

_BATCH_ROWS: Final = 65_536
_SAMPLED: Final = 3_000


def columnar_table(path: Path, kind: str) -> Table:
    """Return a Parquet or Arrow file as a table; columns that hold lists or structures have no name.

    Raises:
        NotATable: it is damaged.
    """
    try:
        schema = _schema(path, kind)
        header = tuple(field.name if _is_plain(field.type) else "" for field in schema)
        columns = [name for name in header if name]
        first = next(_batches(path, kind, columns), None)
    except pa.ArrowInvalid as error:
        raise NotATable(f"{path} is damaged: {error}") from error
    rows: list[tuple[str, ...]] = []
    if first is not None:
        texts = [as_texts(first.slice(0, _SAMPLED).column(name)).to_pylist() for name in columns]
        rows = list(zip(*texts, strict=True))
    indexes = frozenset(name for name in columns if name.startswith("__index_level_"))
    plain_header = tuple(columns)
    return Table(
        path=path,
        form="Parquet" if kind == "parquet" else "Arrow",
        header=plain_header,
        sample=tuple(rows),
        rows=partial(_blocks, path, kind),
        not_measured=frozenset(name for name in indexes if not _holds_times(schema.field(name).type)),
        long=long_form_in(plain_header, rows),
        times=next((field.name for field in schema if pa.types.is_timestamp(field.type)), None)
        if sum(pa.types.is_timestamp(field.type) for field in schema) == 1
        else None,
    )


def as_texts(column: pa.Array) -> pa.StringArray:
    """Return a column as text; null is an empty cell."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    return column.fill_null("") if column.null_count else column


def _schema(path: Path, kind: str) -> pa.Schema:
    if kind == "parquet":
        return parquet.read_schema(path)
    with pa.memory_map(str(path)) as file:
        return (ipc.open_stream(file) if kind == "arrow stream" else ipc.open_file(file)).schema


def _batches(path: Path, kind: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    if kind == "parquet":
        with parquet.ParquetFile(path) as file:
            yield from file.iter_batches(_BATCH_ROWS, columns=list(columns))
        return
    with pa.memory_map(str(path)) as file:
        reader = ipc.open_stream(file) if kind == "arrow stream" else ipc.open_file(file)
        batches = reader if kind == "arrow stream" else map(reader.get_batch, range(reader.num_record_batches))
        for batch in batches:
            yield batch.select(list(columns))


def _blocks(path: Path, kind: str, columns: Sequence[str]) -> Iterator[RowBlock]:
    line = 1
    for batch in _batches(path, kind, columns):
        arrays = {name: _readable(batch.column(name)) for name in columns}
        yield RowBlock(line + np.arange(len(batch)), arrays)
        line += len(batch)


def _readable(column: pa.Array) -> pa.Array:
    """Return numbers as they are and everything else as text."""
    kind = column.type
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return column if numeric or pa.types.is_boolean(kind) else as_texts(column)


def _is_plain(kind: pa.DataType) -> bool:
    return not (pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _holds_times(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))
