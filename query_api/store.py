"""The port to the read models: consistent questions to the builds that serve now."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


def columns(**row: Any) -> dict[str, Any]:
    """Return a row as it is, for answers that are put together from several."""
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """How far a build has read one partition; `next_offset` is the next it will read."""

    read_model: str
    topic: str
    partition: int
    next_offset: int
    known_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRows:
    """Rows of one table in the order of its primary key, `last_key` that of the last of them, as texts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    last_key: tuple[str, ...]


class Snapshot(Protocol):
    """Read models as they stood at one moment, all at the same."""

    @property
    def builds(self) -> Mapping[str, int]:
        """Read model to the build that serves."""

    @property
    def checkpoints(self) -> Sequence[Checkpoint]:
        """How far each of these builds had read at that moment."""

    @property
    def lag_seconds(self) -> float | None:
        """Age of what the slowest of them still has to read, as its projector last said; None: not reported."""

    @property
    def complete_to(self) -> datetime | None:
        """Moment before which none of them lacks anything, as their projectors said; None: not reported."""

    async def keep_days(self) -> Mapping[str, int | None]:
        """Return for each of them how many days of rows it keeps; None: all."""

    async def fetch(self, sql: str, parameters: Mapping[str, object], row: Callable[..., T]) -> list[T]:
        """Return `row(**columns)` for each row, in the statement's order."""

    async def table(
        self, name: str, *, after: Sequence[str] | None, limit: int, as_of: datetime | None = None
    ) -> TableRows:
        """Return rows of any table of the one read model of this snapshot, behind the key `after`.

        A table with a column known_at can be asked `as_of` an earlier time: its rows stay as they are from then on,
        but for columns until_…, which are null before until_known_at.

        Raises:
            NotKnown: the read model has no such table.
            ParameterRefused: `after` is no key of it, or it has no column known_at.
        """


class ReadModelStore(Protocol):
    """The database behind the API."""

    async def open(self) -> None:
        """Connect in the background; a database that is away is no reason not to start."""

    async def close(self) -> None:
        """Give the connections back."""

    def apart(self) -> "ReadModelStore":
        """Return the same read models over connections of their own, for whoever watches on and on."""

    async def read(self, read_models: Sequence[str], question: Callable[[Snapshot], Awaitable[T]]) -> T:
        """Return the answer to `question`, asked in one snapshot of these read models.

        The tables of the read models stand under their own names. A question only reads, and is asked again
        when the connection was lost under it.

        Raises:
            ReadModelNotServed: one of them has not been built yet.
            StoreNotReachable: the database did not answer in time.
            ParameterRefused: the database can't hold a value that was asked for.
        """
