"""Snapshots put together from their chunks.

Must never give one that lacks a chunk: its bytes would be another state, or none.
"""

from collections.abc import Iterable, Iterator, Sequence

from domain.scoring import ScorerStateSaved


def whole_snapshots(backwards: Iterable[ScorerStateSaved]) -> Iterator[Sequence[ScorerStateSaved]]:
    """Yield each snapshot of which every chunk is there, newest first, its chunks in order.

    `backwards`: the chunks of one partition as they stand in the log, newest first. A snapshot is passed over when
    its beginning was deleted with the head of the log, or a chunk in its midst is missing.
    """
    later: list[ScorerStateSaved] = []
    for chunk in backwards:
        last_of_its_own = chunk.chunk == chunk.chunks - 1
        if not last_of_its_own and not (later and _precedes(chunk, later[-1])):
            later = []
            continue
        later = [chunk] if last_of_its_own else [*later, chunk]
        if chunk.chunk == 0:
            yield tuple(reversed(later))
            later = []


def _precedes(chunk: ScorerStateSaved, later: ScorerStateSaved) -> bool:
    return (chunk.chunk + 1, chunk.chunks, chunk.next_offset) == (later.chunk, later.chunks, later.next_offset)
