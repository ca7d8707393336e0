"""A run's ledger counted and hashed: equal answers give equal hashes, whatever the batches were."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from uuid import UUID

import numpy as np

from domain.rescoring import RescoredRange, RescoringCompleted
from domain.scoring import ReadingsScored
from ml.artifact import canonical_json


class LedgerBroken(ValueError):
    """A run's ledger has a gap, says an offset twice, or does not end where it should."""


def completed(
    run_id: UUID, ranges: Iterable[RescoredRange], ledgers: Iterable[tuple[int, Iterable[ReadingsScored]]]
) -> RescoringCompleted:
    """Return what a run came to; `ledgers` by partition, in log order.

    Hashed are, by partition: each detector's scores as (offset, score) little-endian without NaN, the abnormal offsets,
    and the ranges of every flag joined where they touch.

    Raises:
        LedgerBroken: a partition's ledger is not its range, once and without a gap.
    """
    expected = {one.partition: one for one in ranges}
    flagged: Counter[str] = Counter()
    digests: dict[str, object] = {}
    offsets = judged = abnormal = 0
    for partition, records in ledgers:
        one = expected.pop(partition)
        at = one.from_offset
        columns: dict[str, hashlib._Hash] = defaultdict(hashlib.sha256)
        flags: dict[str, list[int]] = defaultdict(list)
        decisions = hashlib.sha256()
        for record in records:
            if record.from_offset != at:
                raise LedgerBroken(
                    f"partition {partition}: a ledger record begins at {record.from_offset}, not at {at}"
                )
            at = record.next_offset
            scored = np.zeros(at - record.from_offset, np.bool_)
            for column in record.columns:
                scores = np.array(column.scores, "<f8")
                there = ~np.isnan(scores)
                scored |= there
                pairs = np.empty(int(there.sum()), [("offset", "<i8"), ("score", "<f8")])
                pairs["offset"], pairs["score"] = np.flatnonzero(there) + record.from_offset, scores[there]
                columns[column.detector].update(pairs.tobytes())
            judged += int(scored.sum())
            abnormal += len(record.abnormal)
            decisions.update(np.array(record.abnormal, "<i8").tobytes())
            for flag in record.flags:
                _join(flags[flag.name], flag.ranges)
        if at != one.next_offset:
            raise LedgerBroken(f"partition {partition}: the ledger ends at {at}, not at {one.next_offset}")
        offsets += at - one.from_offset
        for name, edges in flags.items():
            flagged[name] += sum(edges[1::2]) - sum(edges[::2])
        digests[str(partition)] = {
            "from": one.from_offset,
            "next": at,
            "scores": {name: digest.hexdigest() for name, digest in columns.items()},
            "abnormal": decisions.hexdigest(),
            "flags": dict(flags),
        }
    if expected:
        raise LedgerBroken(f"no ledger of partitions {sorted(expected)}")
    return RescoringCompleted(
        run_id=run_id,
        offsets=offsets,
        judged=judged,
        abnormal=abnormal,
        flagged=dict(flagged),
        ledger_sha256=hashlib.sha256(canonical_json(digests).encode()).hexdigest(),
    )


def _join(edges: list[int], ranges: Iterable[int]) -> None:
    """Append ranges to `edges`, one with the last where they touch."""
    pairs = iter(ranges)
    for first, following in zip(pairs, pairs, strict=True):
        if edges and edges[-1] == first:
            edges[-1] = following
        else:
            edges += (first, following)
