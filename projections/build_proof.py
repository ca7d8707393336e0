"""A proof: what comparing two builds of one read model at the same positions found, and how it is told.

`here` is always the build computed from the log, `there` the one that served meanwhile.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from projections.checkpoints import TopicPartition
from projections.fingerprint import Bucket, Fingerprint

EXAMPLES: Final = 20
"""Rows named per table at most; the counts are of all."""

Texts = Mapping[str, str | None]
"""Columns of one row, as text."""

RowHash = tuple[int, tuple[int, int]]
"""Hash of a row's key, and of its values for both seeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDifference:
    """One row the builds do not agree on; None where it is not there, else the columns that differ."""

    key: Texts
    here: Texts | None
    there: Texts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDifference:
    """Rows of one table the builds do not agree on: how many, in which buckets, and some of them by name."""

    table: str
    buckets: tuple[Bucket, ...]
    only_here: int
    only_there: int
    different: int
    examples: tuple[RowDifference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Two builds at the same positions; `unshared` are the columns ("table.column") that only one of them has."""

    read_model: str
    build: int
    against_build: int
    proved_at: datetime
    same_sql: bool
    seconds: float
    positions: Mapping[TopicPartition, int]
    fingerprint: Fingerprint
    against_fingerprint: Fingerprint
    differences: tuple[TableDifference, ...]
    unshared: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Return whether everything that both have is equal."""
        return not self.differences

    @property
    def whole(self) -> bool:
        """Return whether the builds are equal and have the same tables and columns: nobody could tell them apart."""
        return self.equal and not self.unshared

    @property
    def rows(self) -> int:
        """Return the number of rows in the build computed from the log."""
        return sum(table.rows for table in self.fingerprint.tables.values())


@dataclass(slots=True)
class RowComparison:
    """What a walk over both builds' row hashes found; the hashes of the first EXAMPLES keys of each kind are kept."""

    only_here: int = 0
    only_there: int = 0
    different: int = 0
    named: list[int] = field(default_factory=list)

    def note(self, key: int) -> None:
        """Keep a key to be named, while there is room."""
        if len(self.named) < EXAMPLES:
            self.named.append(key)


def compare_rows(here: Iterator[RowHash], there: Iterator[RowHash]) -> RowComparison:
    """Return how two tables' rows differ; both iterators ascend by the key's hash."""
    found = RowComparison()
    ours, theirs = next(here, None), next(there, None)
    while ours is not None or theirs is not None:
        if theirs is None or (ours is not None and ours[0] < theirs[0]):
            assert ours is not None  # noqa: S101 - one of the two is there
            found.only_here += 1
            found.note(ours[0])
            ours = next(here, None)
        elif ours is None or theirs[0] < ours[0]:
            found.only_there += 1
            found.note(theirs[0])
            theirs = next(there, None)
        else:
            if ours[1] != theirs[1]:
                found.different += 1
                found.note(ours[0])
            ours, theirs = next(here, None), next(there, None)
    return found


def named_rows(
    keys: Sequence[int], here: Mapping[int, tuple[Texts, Texts]], there: Mapping[int, tuple[Texts, Texts]]
) -> tuple[RowDifference, ...]:
    """Return the rows under these key hashes, each side's (key, columns); equal columns of a row are left out."""
    found = []
    for key in keys:
        ours, theirs = here.get(key), there.get(key)
        either = ours or theirs
        if either is None:
            continue
        name, our_columns, their_columns = either[0], ours and ours[1], theirs and theirs[1]
        if our_columns is not None and their_columns is not None:
            differing = [column for column in our_columns if our_columns[column] != their_columns.get(column)]
            our_columns = {column: our_columns[column] for column in differing}
            their_columns = {column: their_columns.get(column) for column in differing}
        found.append(RowDifference(key=name, here=our_columns, there=their_columns))
    return tuple(found)
