"""The scorer: readings in, verdicts and ledger out, exactly once."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog

from ml.scoring.models_in_force import ModelsInForce
from ml.scoring.ports import Models, ReadingDecoding, ScoringHistory, ScoringLog, TransactionAborted
from ml.scoring.state import LoadedModel
from ml.scoring.taking import take_partition
from ml.scoring.waiting import Decoded, Waiting
from ml.scoring.warming import Warming
from ml.scoring.work import PartitionWork, Setting, prepare
from ml.scoring.writing import Writing

_log = structlog.get_logger()


class Scorer:
    """One slot: owns partitions as the group gives them, scores each in log order."""

    def __init__(
        self,
        *,
        log: ScoringLog,
        history: ScoringHistory,
        models: Models,
        decoding: ReadingDecoding,
        waiting: Waiting,
        version: str,
    ) -> None:
        self._log = log
        self._history = history
        self._models = models
        self._decoding = decoding
        self._waiting = waiting
        self._version = version
        self._warming = Warming(history, decoding)
        self._in_force = ModelsInForce(models)
        self._writing = Writing()

    def run(self, running: Callable[[], bool]) -> None:
        """Score until `running` says no; then write a last snapshot of every partition.

        Raises:
            SlotFenced: another process took this slot.
            StateDoesNotMatchOffset: a partition's committed offset and its ledger disagree.
            TransactionStuck: the client does not come back.
        """
        while running():
            self.step(timeout_s=0.1)
        if self._writing.unsaved():
            self._written(self._writing.unsaved, save=True)

    def step(self, timeout_s: float) -> int:
        """Take what the group gave, score what has come, and return how many readings that were."""
        batches = {batch.partition: batch for batch in self._log.poll(timeout_s)}
        if (given := self._log.rebalanced()) is not None:
            batches = {}
            self._take(given)
        self._in_force.follow()
        states = self._writing.states
        decoded = self._waiting.decoded({part: batch for part, batch in batches.items() if part in states})
        self._in_force.warn_of_unscored(one.readings for one in decoded.values())
        champions = self._in_force.loaded
        setting = Setting(self._version, self._history.topic_id(), self._in_force.position)
        if not self._written(lambda: self._scored(decoded, champions, setting)):
            return 0  # the source is back where the states end, and all of this comes again
        return sum(len(one.readings) for one in decoded.values())

    def _scored(
        self, decoded: Mapping[int, Decoded], champions: Sequence[LoadedModel], setting: Setting
    ) -> Sequence[PartitionWork]:
        """Score on copies of the states; return what that causes."""
        work = [
            prepare(
                partition,
                state,
                champions=champions,
                decoded=decoded.get(partition),
                setting=setting,
                warming=self._warming,
            )
            for partition, state in self._writing.states.items()
        ]
        return [part for part in work if part.records]

    def _written(self, work: Callable[[], Sequence[PartitionWork]], *, save: bool = False) -> bool:
        """Write work; return False when the log rolled it back and its readings come again."""
        try:
            # Asked for here: it is in the name of the slot's membership at the poll that brought these readings.
            self._writing.write(work, self._log.transaction(), save=save)
        except TransactionAborted as cause:
            # The source has moved past these records; without this the next poll would skip them.
            _log.warning("transaction_aborted", partitions=sorted(self._writing.states), cause=str(cause))
            self._read_again()
            return False
        return True

    def _read_again(self) -> None:
        self._waiting.forget()
        self._log.take({partition: state.next_offset for partition, state in self._writing.states.items()})

    def _take(self, given: Iterable[int]) -> None:
        """Forget what this slot knew and take the given partitions from the log: others may have scored meanwhile."""
        self._writing.forget()
        for partition, committed in self._log.committed(given).items():
            state, saved = take_partition(
                partition, committed=committed, history=self._history, models=self._models, decoding=self._decoding
            )
            self._writing.take(partition, state, saved)
            folded = state.next_offset - saved.next_offset
            _log.info("partition_taken", partition=partition, next_offset=state.next_offset, folded=folded)
        self._read_again()
