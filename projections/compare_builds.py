"""Comparing two builds in two snapshots that stand at the same positions."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from time import monotonic

from projections.build_proof import Proof, TableDifference, compare_rows, named_rows
from projections.builds import BuildSnapshot, Columns
from projections.fingerprint import Bucket, differing_buckets
from projections.folder import Folder


def prove(
    folder: Folder, against: Folder, here: BuildSnapshot, there: BuildSnapshot, *, build: int, against_build: int
) -> Proof:
    """Return how `build`, made from `folder`, compares with the serving one, made from `against`.

    Compared are the tables that both have under the same key, and of those the columns that both have; a column that
    either leaves out of its fingerprint, with its reason in projection.toml, is left out here.
    """
    began = monotonic()
    ours, theirs = compared_columns(folder, here), compared_columns(against, there)
    keys = {table: key for table, key in folder.keys.items() if against.keys.get(table) == key}
    columns = {table: tuple(name for name in ours[table] if name in theirs.get(table, ())) for table in keys}
    with ThreadPoolExecutor(2) as pool:
        fingerprints = [pool.submit(one.fingerprint, keys, columns) for one in (here, there)]
        fingerprint, against_fingerprint = (future.result() for future in fingerprints)
    seconds = monotonic() - began
    differing = differing_buckets(fingerprint, against_fingerprint)
    return Proof(
        read_model=folder.name,
        build=build,
        against_build=against_build,
        proved_at=datetime.now(UTC),
        same_sql=folder.texts == against.texts,
        seconds=seconds,
        positions=dict(there.positions),
        fingerprint=fingerprint,
        against_fingerprint=against_fingerprint,
        differences=tuple(
            _difference(table, buckets, here, there, key=keys[table], columns=columns[table])
            for table, buckets in differing.items()
        ),
        unshared=_unshared(ours, theirs, columns),
    )


def compared_columns(folder: Folder, snapshot: BuildSnapshot) -> Columns:
    """Return the columns that the folder's fingerprint is of."""
    found = snapshot.columns()
    return {
        table: tuple(column for column in found.get(table, ()) if f"{table}.{column}" not in folder.excluded)
        for table in folder.keys
    }


def _unshared(ours: Columns, theirs: Columns, shared: Columns) -> tuple[str, ...]:
    both = {f"{table}.{column}" for table, columns in shared.items() for column in columns}
    either = {f"{table}.{column}" for side in (ours, theirs) for table in side for column in side[table]}
    return tuple(sorted(either - both))


def _difference(
    table: str,
    buckets: tuple[Bucket, ...],
    here: BuildSnapshot,
    there: BuildSnapshot,
    *,
    key: tuple[str, ...],
    columns: tuple[str, ...],
) -> TableDifference:
    found = compare_rows(
        here.row_hashes(table, key=key, columns=columns, buckets=buckets),
        there.row_hashes(table, key=key, columns=columns, buckets=buckets),
    )
    sides: list[Mapping[int, tuple[Mapping[str, str | None], Mapping[str, str | None]]]] = [
        side.rows(table, key=key, columns=columns, hashes=found.named) for side in (here, there)
    ]
    return TableDifference(
        table=table,
        buckets=buckets,
        only_here=found.only_here,
        only_there=found.only_there,
        different=found.different,
        examples=named_rows(found.named, sides[0], sides[1]),
    )
