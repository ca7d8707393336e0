"""One partition of a run: judged in log order, written exactly once. The live topics are only read."""

from collections.abc import Callable
from dataclasses import replace

from domain.admission import UnknownProfile
from domain.rescoring import RescoredRange, RescoringRequested
from ml.rescoring.ports import RescoringLog, RescoringStopped
from ml.scoring.judge import Judgement, score
from ml.scoring.ports import Models, ReadingDecoding
from ml.scoring.records import Stretch, ledgers_of, verdicts_of
from ml.scoring.state import LoadedModel, PartitionState, order_from_chunks
from ml.scoring.taking import folded
from ml.scoring.warming import Warming
from schemas.contracts import UnknownSchemaId
from schemas.readings import Readings
from schemas.records import RecordBatch


class RescoredPartition:
    """Takes a run's partition where the log says that it stands, and goes on.

    1. Take the partition's name: whoever worked on it before can write no more, and what he left open is aborted.
    2. Read the run's newest ledger record here: its end is the progress P. 3. The state at the range's beginning: which
    sensors the log showed before and in what order, from the nearest snapshot of the live scorer, whose models are
    left out; then the run's model begins as a live one would, warmed on the last readings. 4. Fold up to P in silence.
    5. For each batch: judge it on a copy, append verdicts and ledger in one transaction, and only then take the new
    state and move P.
    A crash before the commit of 5 leaves nothing, and P stands; a crash after it leaves both, and P is behind them.
    Either way the next process begins at 1, and no offset is judged twice or left out.
    """

    def __init__(
        self,
        request: RescoringRequested,
        one: RescoredRange,
        *,
        log: RescoringLog,
        models: Models,
        decoding: ReadingDecoding,
    ) -> None:
        self._request = request
        self._partition = one.partition
        self._log = log
        self._decoding = decoding
        log.take(request.run_id, one.partition)  # Step 1
        progress = log.progress(request.run_id, one.partition)  # Step 2
        state = state_at(one, log=log, decoding=decoding)  # Step 3
        model = LoadedModel(request.model, 0, models.load(request.model))
        began, _ = Warming(log, decoding).begin(one.partition, state, model)
        state = state.with_model_state(began)
        if progress is not None:
            state = folded(state, one.partition, progress, history=log, decoding=decoding)  # Step 4
        self._state: PartitionState = state

    @property
    def next_offset(self) -> int:
        """Return the first offset that the run's ledger does not cover yet."""
        return self._state.next_offset

    def advance(self, end: int, *, running: Callable[[], bool], on_progress: Callable[[int, int], None]) -> None:
        """Judge up to `end`, or until `running` says no after a batch; `on_progress(partition, next_offset)`.

        Offsets at the end that hold no record are covered as well.

        Raises:
            RescoringStopped: a record means nothing yet, since its schema or profile is not in the log.
        """
        for batch in self._log.records(self._partition, self.next_offset, end):
            if not running():
                return
            readings = self._decoded(batch)
            judgement, after = score(readings, self._state, next_offset=batch.next_offset)
            self._write(readings, judgement, after)
            on_progress(self._partition, self.next_offset)
        if self.next_offset < end:
            self._write(None, Judgement((), {}), self._state.at(end))
            on_progress(self._partition, end)

    def _decoded(self, batch: RecordBatch) -> Readings:
        try:
            return self._decoding.decode(batch)
        except (UnknownSchemaId, UnknownProfile) as missing:
            place = f"{batch.topic}/{batch.partition}, offsets {batch.offsets[0]} to {batch.offsets[-1]}"
            raise RescoringStopped(f"{place}: {missing}") from missing

    def _write(self, readings: Readings | None, judgement: Judgement, after: PartitionState) -> None:
        stretch = Stretch(self._request.source_topic, self._partition, self.next_offset, after.next_offset)
        ledgers = [replace(one, run_id=self._request.run_id) for one in ledgers_of(stretch, readings, judgement, after)]
        verdicts = [] if readings is None else verdicts_of(readings, judgement)
        self._log.write(
            self._partition, [replace(one, run_id=self._request.run_id) for one in verdicts], ledgers
        )  # Step 5
        self._state = after


def state_at(one: RescoredRange, *, log: RescoringLog, decoding: ReadingDecoding) -> PartitionState:
    """Return what the log below a range says of its sensors and their order; no model is in it."""
    state = PartitionState(0)
    for chunks in log.snapshots(one.partition):
        if chunks[0].next_offset <= one.from_offset:
            state = order_from_chunks(chunks)
            break
    return folded(state, one.partition, one.from_offset, history=log, decoding=decoding)
