"""What the scorer needs of the log and of the registry."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.dead_letters import RecordSkipped
from domain.models import ModelRef
from domain.positions import Position
from domain.scoring import ReadingsScored, ScorerStateSaved
from ml.detector import Detector
from schemas.codec import Event
from schemas.readings import Readings, UnknownReference
from schemas.records import RecordBatch


class SlotFenced(Exception):
    """Another process took this slot; this one must end at once and write nothing."""


class TransactionAborted(Exception):
    """The transaction was rolled back by the log; nothing of it will be seen. Start again from the batch's start."""


class TransactionStuck(Exception):
    """The client neither commits nor fails: this process can't go on, nor wait for its own threads to end."""

    def __init__(self, after_s: float) -> None:
        super().__init__(
            f"a transaction has been under way for {after_s:g} s without an answer. The next scorer reads in the log "
            "what became of it"
        )


class ModelUnloadable(Exception):
    """The promoted model's bytes are not in the log, or hold no detector known here."""


class ScoringTransaction(Protocol):
    """One atomic write: everything appended in it and the positions become visible together, or nothing does."""

    def append(self, topic: str, partition: int, key: str | None, event: Event) -> None:
        """Write an event to exactly this partition."""

    def advance(self, positions: Mapping[int, int]) -> None:
        """Set the next offset to read of each source partition."""


class ScoringLog(Protocol):
    """The source partitions one slot owns, and its transactions."""

    def poll(self, timeout_s: float) -> Sequence[RecordBatch]:
        """Return new records of taken partitions, one batch per partition; () when none came in `timeout_s`."""

    def rebalanced(self) -> frozenset[int] | None:
        """Return the partitions the group now gives this slot, once after each rebalance; None when it was quiet.

        Until `take` nothing of them is read.
        """

    def take(self, positions: Mapping[int, int]) -> None:
        """Read exactly these partitions, each from its position."""

    def committed(self, partitions: Iterable[int]) -> Mapping[int, int | None]:
        """Return the committed next offset of each partition; None where there is none. Waits for open transactions."""

    def pause(self, partition: int) -> None:
        """Return no records of this partition until it is resumed or taken again."""

    def resume(self, partition: int) -> None:
        """Go on with a paused partition."""

    def transaction(self) -> AbstractContextManager[ScoringTransaction]:
        """Return a transaction in the name of this slot as it was at the last poll, to be entered in any thread.

        Begun on entry, committed on exit; an exception inside aborts and is raised again. One at a time.

        Raises:
            TransactionAborted: the log rolled it back.
            SlotFenced: this process must end, since another has its place.
            ConnectionError: the log does not answer; whether it was committed only the log can tell.
        """


class ScoringHistory(Protocol):
    """What earlier scorers wrote about a source partition."""

    def newest_ledger(self, partition: int) -> ReadingsScored | None:
        """Return the newest ledger record, having waited for open transactions; None when there is none."""

    def snapshots(self, partition: int) -> Iterator[Sequence[ScorerStateSaved]]:
        """Yield complete snapshots, newest first, each as its chunks in order."""

    def records(self, partition: int, start: int, end: int) -> Iterator[RecordBatch]:
        """Yield the source partition's records from `start` to below `end`."""

    def topic_id(self) -> str:
        """Return the id of the source topic."""


class Models(Protocol):
    """Model events and bytes."""

    def promotions(self) -> Iterable[tuple[int, object]]:
        """Return the model events that came since the last call, with their offsets; at first all up to now."""

    def load(self, model: ModelRef) -> Detector:
        """Return the detector of a model.

        Raises:
            ModelUnloadable: its bytes are missing, damaged or unknown.
        """


class ReadingDecoding(Protocol):
    """Decoding with the contracts and profiles known now."""

    def decode(self, batch: RecordBatch) -> Readings:
        """Return the batch's readings as the scorer read them: without the records that it passed over unread.

        Raises:
            UnknownSchemaId, UnknownProfile: what the batch needs is not in the log yet.
        """

    def decode_new(self, batches: Sequence[RecordBatch]) -> tuple[Readings, ...]:
        """Return the readings of each batch, without any record that was skipped.

        Raises:
            UnknownSchemaId, UnknownProfile: what one of them needs is not in the log yet.
        """

    def unknown(self, batch: RecordBatch) -> Sequence[UnknownReference]:
        """Return what keeps the batch from being decoded, in the order of its records."""

    def skip_of(self, offset: int, partition: int) -> RecordSkipped | None:
        """Return the skip of a record; None when nobody said so."""


class RegistryAway(ConnectionError):
    """The schema registry does not answer, so nobody knows what it would say."""


class SchemaNames(Protocol):
    """The schema registry, asked what an id means that the log does not know."""

    def name_of(self, schema_id: int) -> str | None:
        """Return the full name of the schema's record, such as orders.Placed; None when the registry has no such id.

        Raises:
            RegistryAway: it does not answer.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """A partition that waits: the record it waits before, since when, why, and what to do."""

    position: Position
    since: datetime
    cause: str
    then: str


class WaitingReport(Protocol):
    """Where a scorer says which of its partitions wait."""

    def write(self, waiting: Sequence[Waits]) -> None:
        """Replace what was said before; () when nothing waits any more."""
