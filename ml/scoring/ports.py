"""What the scorer needs of the log; the adapter is infra's, the fake is tests/fakes.py's."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from domain.models import ModelRef
from domain.scoring import ReadingsScored, ScorerStateSaved
from ml.detector import Detector
from schemas.codec import Event
from schemas.readings import Readings
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
        """Return the batch's readings.

        Raises:
            UnknownSchemaId, UnknownProfile: what the batch needs is not in the log yet.
        """

    def decode_all(self, batches: Sequence[RecordBatch]) -> tuple[Readings, ...]:
        """Return the readings of each batch.

        Raises:
            UnknownSchemaId, UnknownProfile: what one of them needs is not in the log yet.
        """
