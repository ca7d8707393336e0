"""Taking a partition: from the log alone to the state another process left it in."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from domain.scoring import ScorerStateSaved
from ml.scoring.judge import score
from ml.scoring.ports import Models, ReadingDecoding, ScoringHistory
from ml.scoring.state import ENCODING, LoadedModel, PartitionState, from_bytes, model_refs


class StateDoesNotMatchOffset(RuntimeError):
    """The committed position and the score ledger tell different stories; scoring on would lose or double readings."""

    def __init__(self, partition: int, committed: int | None, ledger_end: int | None) -> None:
        super().__init__(
            f"sensor-events/{partition}: the group's committed offset is {_said(committed)}, but the score ledger ends "
            f"at {_said(ledger_end)}. Nothing was scored. `telltale scorer adopt` sets the offset to the ledger's end"
        )
        self.partition = partition


class StateOfAnotherKind(RuntimeError):
    """A newer version of Telltale wrote this snapshot."""

    def __init__(self, encoding: str) -> None:
        super().__init__(
            f"the scorer's state is stored as {encoding!r}; this version reads {ENCODING!r}: update Telltale"
        )


class Saved(NamedTuple):
    """A partition's newest snapshot: the offset it speaks of, and its size in bytes."""

    next_offset: int
    size: int


def saved_of(chunks: Sequence[ScorerStateSaved]) -> Saved:
    """Return what is to be remembered of a snapshot."""
    return Saved(chunks[0].next_offset, sum(len(chunk.content) for chunk in chunks))


def take_partition(
    partition: int, *, committed: int | None, history: ScoringHistory, models: Models, decoding: ReadingDecoding
) -> tuple[PartitionState, Saved]:
    """Return the state in which the scoring of `partition` goes on, and the snapshot it was folded from.

    1. `committed` is the group's position C, asked with open transactions awaited.
    2. Read the newest ledger record, having read to the broker's own end, so that a dead writer's last transaction
       is either seen or over. Its end must be C.
    3. Read the newest snapshot at or below C.
    4. Fold the readings from the snapshot up to C in silence: nothing is written.
    A crash in here leaves nothing behind: all four steps only read.

    Raises:
        StateDoesNotMatchOffset: C is not the ledger's end.
        ModelUnloadable: a model of the snapshot can't be loaded any more.
        LogStalled: a dead writer's transaction stays open.
    """
    # Step 2
    ledger = history.newest_ledger(partition)
    end = None if ledger is None else ledger.next_offset
    if committed != end:
        raise StateDoesNotMatchOffset(partition, committed, end)
    if ledger is None or committed is None:
        return PartitionState(0), Saved(0, 0)
    # Step 3
    state, saved = PartitionState(0), Saved(0, 0)
    for chunks in history.snapshots(partition):
        if chunks[0].next_offset <= committed:
            state, saved = restored(chunks, models), saved_of(chunks)
            break
    # Step 4
    state = folded(state, partition, committed, history=history, decoding=decoding)
    for topic, position in ledger.inputs.items():
        state = state.with_input(topic, position)
    return state, saved


def folded(
    state: PartitionState, partition: int, end: int, *, history: ScoringHistory, decoding: ReadingDecoding
) -> PartitionState:
    """Return the state after the records from its own end to below `end`: they are judged, and nothing is written."""
    for batch in history.records(partition, state.next_offset, end):
        _, state = score(decoding.decode(batch), state, next_offset=batch.next_offset)
    return state.at(end)


def restored(chunks: Sequence[ScorerStateSaved], models: Models) -> PartitionState:
    """Return the state that a snapshot holds.

    Raises:
        StateOfAnotherKind: a newer version wrote it.
        ModelUnloadable: a model in it can't be loaded.
    """
    first = chunks[0]
    if first.encoding != ENCODING:
        raise StateOfAnotherKind(first.encoding)
    content = b"".join(chunk.content for chunk in chunks)
    loaded: Mapping[str, LoadedModel] = {
        profile: LoadedModel(model, promoted_at, models.load(model))
        for profile, (model, promoted_at) in model_refs(content).items()
    }
    return from_bytes(content, next_offset=first.next_offset, inputs=first.inputs, loaded=loaded)


def _said(offset: int | None) -> str:
    return "not there" if offset is None else str(offset)
