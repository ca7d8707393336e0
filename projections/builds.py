"""What a rebuild needs from the world: builds, consistent looks at them, and the pointer to the one that serves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from projections.build_proof import Proof, RowHash, Texts
from projections.checkpoints import Checkpoint, TopicPartition
from projections.fingerprint import Bucket, Fingerprint
from projections.folder import Folder
from projections.ports import ProjectionError, ProjectionStore, RecordSource

Columns = Mapping[str, tuple[str, ...]]
"""Columns by table, in the order in which they are hashed."""


class RebuildRefused(ProjectionError):
    """A rule of rebuilding stands against what was asked; the text says what to do."""


class RebuildRunning(RebuildRefused):
    """Another rebuild runs: one at a time."""

    def __init__(self) -> None:
        super().__init__("another rebuild runs; one at a time: wait for it, or end it with Ctrl-C")


class NothingServes(RebuildRefused):
    """The read model has no serving build to be compared with and replaced."""

    def __init__(self, read_model: str) -> None:
        super().__init__(f"no build of {read_model} serves yet: telltale projector makes the first one")


class BuildBehind(RebuildRefused):
    """A build that is to serve has not read as far as the one that does: readers would go back in time."""

    def __init__(self, build: str, behind: Mapping[TopicPartition, int]) -> None:
        listed = ", ".join(f"{where} by {offsets}" for where, offsets in sorted(behind.items()))
        super().__init__(f"{build} is behind the serving build: {listed}. Does its projector run? telltale status")


class BuildStillUsed(RebuildRefused):
    """A build can't be discarded while a projector holds it or a reader looks at it."""

    def __init__(self, build: str, reason: str) -> None:
        super().__init__(f"{build} is still used ({reason}): try again with --discard")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildState:
    """One build that is not discarded. A build that is not followed is loaded by a rebuild, or was left by one."""

    number: int
    serving: bool
    followed: bool
    loaded: bool
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move of the pointer. `because` None: proven equal, or undone, and nobody had to say why."""

    read_model: str
    from_build: int
    to_build: int
    undo: bool
    because: str | None
    proof: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """A move that was made, by whom, and for how long the serving checkpoint stood still for it."""

    move: Move
    actor: str
    seconds: float


class BuildSnapshot(Protocol):
    """A build as it stood at one moment, however it goes on meanwhile."""

    @property
    def positions(self) -> Mapping[TopicPartition, int]:
        """Return the build's checkpoint in this snapshot: the next offset of each partition."""

    def columns(self) -> Columns:
        """Return the columns of the build's tables, each table's by name in one fixed order."""

    def fingerprint(self, keys: Mapping[str, tuple[str, ...]], columns: Columns) -> Fingerprint:
        """Return the fingerprint of the tables in `columns`."""

    def row_hashes(
        self, table: str, *, key: tuple[str, ...], columns: tuple[str, ...], buckets: Sequence[Bucket]
    ) -> Iterator[RowHash]:
        """Yield the hashes of the rows in `buckets`, ascending by the key's."""

    def rows(
        self, table: str, *, key: tuple[str, ...], columns: tuple[str, ...], hashes: Sequence[int]
    ) -> Mapping[int, tuple[Texts, Texts]]:
        """Return key and columns of the rows with these key hashes, as text."""


class LockedPointer(Protocol):
    """The pointer of a read model while the serving build's checkpoint stands still."""

    @property
    def positions(self) -> Mapping[TopicPartition, int]:
        """Return the serving build's checkpoint, which nobody moves while this is held."""

    def move(self, *, same_log: bool) -> None:
        """Let the other build serve once the block ends well, and let projectors follow it.

        Raises:
            BuildBehind: its checkpoint is below the serving one in a partition (not asked when not `same_log`).
        """


class Builds(Protocol):
    """The builds of all read models."""

    def one_at_a_time(self) -> AbstractContextManager[None]:
        """Keep other rebuilds out; a dead one's hold ends with its session.

        Raises:
            RebuildRunning: another one is at it.
            StoreUnavailable: the store does not answer.
        """

    def states(self, read_model: str) -> Sequence[BuildState]:
        """Return the builds that are not discarded, oldest first."""

    def definition(self, read_model: str, build: int) -> Folder:
        """Return the read model as the build was made."""

    def checkpoints(self, read_model: str, build: int) -> Sequence[Checkpoint]:
        """Return a build's checkpoints as they are now."""

    def create(self, folder: Folder) -> int:
        """Make the next build, empty, followed by nobody."""

    def store(self, folder: Folder, build: int, *, held: bool) -> ProjectionStore:
        """Return a build to be written: `held` against all projectors, or beside others that write other partitions."""

    def enforce_retention(self, folder: Folder, build: int) -> None:
        """Drop the rows that keep_days does not keep at the build's checkpoint; those who load side by side can't."""

    def note_load(self, read_model: str, build: int, *, records: int, seconds: float) -> None:
        """Add to what loading the build took, for later estimates."""

    def say_loading(self, read_model: str, build: int, *, left: int, rate: float) -> None:
        """Let those who look at the builds see how far the load is: records left, and records a second."""

    def load_rate(self, read_model: str) -> float | None:
        """Return the records a second of the newest load, None when there was none."""

    def free_bytes(self) -> int | None:
        """Return the room left where builds are kept, None when that can't be told from here."""

    def snapshot(self, read_model: str, build: int) -> AbstractContextManager[BuildSnapshot]:
        """Return a look at a build that does not hold it up."""

    def record_proof(self, proof: Proof) -> int:
        """Keep a proof; return its number."""

    def pointer(self, move: Move, *, actor: str) -> AbstractContextManager[LockedPointer]:
        """Hold the serving build's checkpoint still; leaving the block commits the move and writes it down.

        Raises:
            RebuildRefused: `move.from_build` does not serve any more.
        """

    def previous(self, read_model: str) -> int | None:
        """Return the build that served before the one that does, None when it is gone."""

    def discard(self, read_model: str, build: int) -> None:
        """Drop a build that does not serve; does nothing the second time.

        Raises:
            BuildStillUsed: its projector or a reader does not let go.
        """


Progress = Callable[[str, int, int], None]
"""Told how far a rebuild is: the step, and how many of how many records are done (0, 0 where none are counted)."""

RecordSources = Callable[[str], RecordSource]
"""Makes a source of records; the text names it in the log's own lag tools."""
