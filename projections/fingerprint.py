"""Fingerprints: what makes two copies of a read model provably equal without comparing row by row.

A table's rows fall into buckets by the hash of their key; a bucket's fingerprint is its number of rows and,
for two seeds, the sum of its rows' hashes. Hashes are of values, so no text, time zone or float format is in
them, and sums have no order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NewType

BUCKETS: Final = 256
SEEDS: Final = (0x74656C6C, 0x74616C65)
"""Two seeds: rows that differ and yet agree in both 64-bit hashes are no longer a practical concern."""

KEY_SEED: Final = 0

Bucket = NewType("Bucket", int)


@dataclass(frozen=True, slots=True)
class BucketFingerprint:
    """Rows of one bucket, and the sums of their hashes by seed."""

    rows: int
    sums: tuple[int, int]


@dataclass(frozen=True, slots=True)
class TableFingerprint:
    """A table's buckets (empty ones left out) and the columns that were hashed."""

    columns: tuple[str, ...]
    buckets: Mapping[Bucket, BucketFingerprint]

    @property
    def rows(self) -> int:
        """Return the table's number of rows."""
        return sum(bucket.rows for bucket in self.buckets.values())


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A read model's tables; equal fingerprints mean equal rows."""

    tables: Mapping[str, TableFingerprint]


def fingerprint_query(table: str, *, key: tuple[str, ...], columns: tuple[str, ...]) -> str:
    """Return the query of a table's buckets: bucket, rows, first sum, second sum.

    `columns` are hashed in the order given, which must be the same for both sides of a comparison.
    """
    first, second = (f"sum({_hash(columns, seed)})" for seed in SEEDS)
    return f'SELECT {_bucket(key)} AS bucket, count(*), {first}, {second}\nFROM "{table}"\nGROUP BY bucket'


def row_hashes_query(table: str, *, key: tuple[str, ...], columns: tuple[str, ...]) -> str:
    """Return the query of the rows in given buckets (a parameter): hash of the key, first and second of the row."""
    first, second = (_hash(columns, seed) for seed in SEEDS)
    return (
        f"SELECT {_hash(key, KEY_SEED)} AS key_hash, {first}, {second}\n"
        f'FROM "{table}"\nWHERE {_bucket(key)} = ANY(%s)\nORDER BY key_hash'
    )


def named_rows_query(table: str, *, key: tuple[str, ...], columns: tuple[str, ...]) -> str:
    """Return the query of the rows with given key hashes (a parameter): the hash, then key and columns as text."""
    listed = ", ".join(f'"{column}"::text' for column in (*key, *columns))
    return f'SELECT {_hash(key, KEY_SEED)}, {listed}\nFROM "{table}"\nWHERE {_hash(key, KEY_SEED)} = ANY(%s)'


def differing_buckets(left: Fingerprint, right: Fingerprint) -> Mapping[str, tuple[Bucket, ...]]:
    """Return for each table the buckets in which two read models differ; () for none leaves the table out.

    A table that only one side has differs in all its buckets.
    """
    found: dict[str, tuple[Bucket, ...]] = {}
    nothing = TableFingerprint((), {})
    for table in sorted(left.tables.keys() | right.tables.keys()):
        ours, theirs = left.tables.get(table, nothing).buckets, right.tables.get(table, nothing).buckets
        if buckets := tuple(sorted(b for b in ours.keys() | theirs.keys() if ours.get(b) != theirs.get(b))):
            found[table] = buckets
    return found


def _hash(columns: tuple[str, ...], seed: int) -> str:
    return f"hash_record_extended(ROW({_quoted(columns)}), {seed})"


def _bucket(key: tuple[str, ...]) -> str:
    return f"{_hash(key, KEY_SEED)} & {BUCKETS - 1}"


def _quoted(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
