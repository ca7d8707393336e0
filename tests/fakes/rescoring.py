"""A fake of the re-scoring's log over an InMemoryLog: a batch that is written shows whole, or not at all."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from domain.anomalies import AnomalyDetected
from domain.scoring import ReadingsScored
from domain.topics import RESCORED_ANOMALY_EVENTS
from ml.rescoring.ports import RescoringStopped
from schemas.codec import Event, decode, encode
from schemas.records import RecordBatch
from tests.fakes.scoring import FakeHistory, InMemoryLog


class FakeRescoringLog(FakeHistory):
    """`sizes` cuts what is read into batches; the write number `dies_at` fails, written or not as `after` says."""

    def __init__(
        self, log: InMemoryLog, *, sizes: Iterator[int] | None = None, dies_at: int | None = None, after: bool = False
    ) -> None:
        super().__init__(log)
        self._held = log
        self._sizes = sizes
        self._dies_at = dies_at
        self._after = after
        self._writes = 0
        self._taken: set[int] = set()

    def records(self, partition: int, start: int, end: int) -> Iterator[RecordBatch]:
        while start < end:
            upto = min(end, start + (next(self._sizes) if self._sizes else 10_000))
            yield from super().records(partition, start, upto)
            start = upto

    def take(self, run_id: UUID, partition: int) -> None:
        self._taken.add(partition)

    def progress(self, run_id: UUID, partition: int) -> int | None:
        ledgers = [one for one in self._events() if isinstance(one, ReadingsScored) and one.run_id == run_id]
        return ledgers[-1].next_offset if ledgers else None

    def write(self, partition: int, verdicts: Sequence[AnomalyDetected], ledgers: Sequence[ReadingsScored]) -> None:
        assert partition in self._taken
        self._writes += 1
        if self._writes == self._dies_at and not self._after:
            raise RescoringStopped("the test said so")
        events: Sequence[Event] = [*verdicts, *ledgers]
        values = [encode(event, self._held.contracts) for event in events]
        self._events().extend(decode(value, self._held.contracts) for value in values)
        if self._writes == self._dies_at:
            raise RescoringStopped("the test said so")

    def ends(self, partitions: Sequence[int]) -> Mapping[int, int]:
        return dict.fromkeys(partitions, len(self._held.source))

    def _events(self) -> list[Event]:
        return self._held.topics.setdefault(RESCORED_ANOMALY_EVENTS, [])
