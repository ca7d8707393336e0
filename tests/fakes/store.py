"""A ReadModelStore without a database: each statement has the rows it is told."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from query_api.errors import NotKnown, ReadModelNotServed, RequestRefused
from query_api.store import Checkpoint, Snapshot, TableRows

T = TypeVar("T")
Rows = list[dict[str, Any]]


@dataclass(slots=True)
class FakeSnapshot:
    """What the fake store shows to one question."""

    builds: Mapping[str, int]
    checkpoints: Sequence[Checkpoint]
    lag_seconds: float | None
    rows: Mapping[str, Rows]
    tables: Mapping[str, TableRows]
    asked: list[Mapping[str, object]]
    complete_to: datetime | None = None
    kept_days: Mapping[str, int | None] = field(default_factory=dict)

    async def keep_days(self) -> Mapping[str, int | None]:
        """Return what was told; all rows by default."""
        return {name: self.kept_days.get(name) for name in self.builds}

    async def fetch(self, sql: str, parameters: Mapping[str, object], row: Callable[..., T]) -> list[T]:
        """Return the rows told for this statement; none by default."""
        self.asked.append(parameters)
        return [row(**columns) for columns in self.rows.get(sql, [])]

    async def table(
        self, name: str, *, after: Sequence[str] | None, limit: int, as_of: datetime | None = None
    ) -> TableRows:
        """Return the rows told for this table."""
        if name not in self.tables:
            raise NotKnown(f"no table {name}")
        self.asked.append({"after": after, "limit": limit, "as_of": as_of})
        return self.tables[name]


@dataclass(slots=True)
class FakeReadModelStore:
    """Serves every read model but those in `missing`; `asked` are the parameters of every statement."""

    rows: dict[str, Rows] = field(default_factory=dict)
    tables: dict[str, TableRows] = field(default_factory=dict)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    broken: RequestRefused | None = None
    lag_seconds: float | None = 0.25
    complete_to: datetime | None = None
    keep_days: Mapping[str, int | None] = field(default_factory=dict)
    asked: list[Mapping[str, object]] = field(default_factory=list)
    is_open: bool = False

    def forget(self) -> None:
        """Be as new, but open or closed as before."""
        self.rows, self.tables, self.checkpoints, self.missing, self.asked = {}, {}, [], set(), []
        self.broken, self.lag_seconds, self.complete_to, self.keep_days = None, 0.25, None, {}

    def apart(self) -> "FakeReadModelStore":
        """Return itself: nothing is connected."""
        return self

    async def open(self) -> None:
        """Remember that the application came up."""
        self.is_open = True

    async def close(self) -> None:
        """Remember that the application went down."""
        self.is_open = False

    async def read(self, read_models: Sequence[str], question: Callable[[Snapshot], Awaitable[T]]) -> T:
        """Return the answer to `question`."""
        if self.broken is not None:
            raise self.broken
        if gone := self.missing.intersection(read_models):
            raise ReadModelNotServed(
                f"Not built yet: {', '.join(sorted(gone))}. telltale projector builds read models."
            )
        there = [point for point in self.checkpoints if point.read_model in read_models]
        builds = dict.fromkeys(read_models, 1)
        snapshot = FakeSnapshot(
            builds,
            there,
            self.lag_seconds,
            self.rows,
            self.tables,
            self.asked,
            self.complete_to,
            {name: days for name, days in self.keep_days.items() if name in builds},
        )
        return await question(snapshot)
