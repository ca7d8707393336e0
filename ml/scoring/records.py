"""What a scorer writes for one partition in one transaction: verdicts and the ledger."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import isnan
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from domain.anomalies import AnomalyDetected, severity_of, verdict_id
from domain.positions import Position
from domain.readings import moment_of
from domain.scoring import Flag, FlaggedRanges, ModelInForce, ReadingsScored, ScoreColumn
from ml.scoring.judge import Judgement, ProfileJudgement
from ml.scoring.state import PartitionState
from schemas.readings import Readings

LEDGER_BYTES: Final = 512 * 1024
"""At most in one ledger record, about; well below a record's limit, also of brokers with the usual one of 1 MiB."""

LONGEST_EMPTY_RUN: Final = 64
"""Offsets without a record in slots of their own; a longer run is a ledger record without slots, which is smaller."""

_FLAG_BYTES: Final = 24
"""Of one offset in the lists of abnormal and flagged ones, at most."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Half-open offsets of one partition that one transaction covers."""

    topic: str
    partition: int
    from_offset: int
    next_offset: int


def verdicts_of(readings: Readings, judgement: Judgement) -> list[AnomalyDetected]:
    """Return one verdict per abnormal reading, in log order."""
    found = [verdict for profile in judgement.everything for verdict in _verdicts(readings, profile)]
    return [verdict for _, verdict in sorted(found, key=lambda pair: pair[0])]


def ledgers_of(
    stretch: Stretch, readings: Readings | None, judgement: Judgement, state: PartitionState
) -> Iterator[ReadingsScored]:
    """Yield the ledger records of a stretch, in order and without a gap between them; mostly it is one.

    `readings` is None where the stretch holds no record. Long runs of offsets that hold nothing, such as somebody's
    aborted transaction, get records without slots; what would be too large for one record is split.
    """
    held = np.empty(0, np.int64)
    kinds: set[str] = set()
    if readings is not None:
        rejected = [rejection.offset for rejection in readings.rejected]
        held = np.sort(np.concatenate([readings.offsets, np.array([*rejected, *readings.skipped], np.int64)]))
        kinds.update(kind for profile in judgement.everything for kind in profile.loaded.detector.kinds)
    edges = _edges(stretch, held, slots=LEDGER_BYTES // (8 * len(kinds) + _FLAG_BYTES))
    for first, after in pairwise(edges):
        piece = Stretch(stretch.topic, stretch.partition, first, after)
        inside = held[np.searchsorted(held, first) : np.searchsorted(held, after)]
        yield _ledger(piece, readings if len(inside) else None, judgement, state, held=inside)


def _edges(stretch: Stretch, held: NDArray[np.int64], *, slots: int) -> Iterator[int]:
    """Yield where the ledger records of a stretch begin, and where the last one ends."""
    yield stretch.from_offset
    if not len(held):
        yield stretch.next_offset
        return
    around = np.concatenate([[stretch.from_offset - 1], held, [stretch.next_offset]])
    gaps = np.flatnonzero(np.diff(around) > LONGEST_EMPTY_RUN)
    borders = {stretch.next_offset, *(around[gaps] + 1).tolist(), *around[gaps + 1].tolist()} - {stretch.from_offset}
    at = stretch.from_offset
    for border in sorted(borders):
        dense = np.searchsorted(held, at) < np.searchsorted(held, border)
        yield from range(at + slots, border, slots) if dense else ()
        yield border
        at = border


def _ledger(
    stretch: Stretch,
    readings: Readings | None,
    judgement: Judgement,
    state: PartitionState,
    *,
    held: NDArray[np.int64],
) -> ReadingsScored:
    """Return the one ledger record of a stretch whose records stand at `held`."""
    slots = stretch.next_offset - stretch.from_offset
    columns: dict[str, NDArray[np.float64]] = {}
    abnormal: list[int] = []
    models: dict[str, ModelInForce] = {}
    flags: dict[Flag, NDArray[np.int64]] = {}
    if readings is not None:
        for profile in judgement.everything:
            offsets = readings.offsets[profile.rows]
            within = (offsets >= stretch.from_offset) & (offsets < stretch.next_offset)
            for column, kind in enumerate(profile.loaded.detector.kinds):
                scores = columns.setdefault(kind, np.full(slots, np.nan))
                scores[offsets[within] - stretch.from_offset] = profile.verdicts.ratios[within, column]
            abnormal += offsets[profile.abnormal[within[profile.abnormal]]].tolist()
            models[profile.block.profile.ref] = ModelInForce(
                profile=profile.block.profile.ref,
                model=str(profile.loaded.model),
                artifact_sha256=profile.loaded.model.artifact_sha256,
            )
        flags = {flag: readings.offsets[rows] for flag, rows in judgement.flagged.items()}
        flags[Flag.REJECTED] = np.array([rejection.offset for rejection in readings.rejected], np.int64)
        flags[Flag.SKIPPED] = np.array(readings.skipped, np.int64)
    absent = np.ones(slots, np.bool_)
    absent[held - stretch.from_offset] = False
    flags[Flag.ABSENT] = np.flatnonzero(absent) + stretch.from_offset
    inside = {
        flag: offsets[(offsets >= stretch.from_offset) & (offsets < stretch.next_offset)]
        for flag, offsets in flags.items()
    }
    return ReadingsScored(
        source_topic=stretch.topic,
        source_partition=stretch.partition,
        from_offset=stretch.from_offset,
        next_offset=stretch.next_offset,
        columns=tuple(ScoreColumn(detector=kind, scores=tuple(scores.tolist())) for kind, scores in columns.items()),
        abnormal=tuple(sorted(abnormal)),
        flags=tuple(
            FlaggedRanges(name=flag, ranges=tuple(_ranges(offsets))) for flag, offsets in inside.items() if len(offsets)
        ),
        models=tuple(models.values()),
        inputs=state.inputs,
    )


def _verdicts(readings: Readings, judged: ProfileJudgement) -> Iterator[tuple[int, AnomalyDetected]]:
    if not len(judged.abnormal):
        return
    model, kinds = judged.loaded.model, judged.loaded.detector.kinds
    channels, judging = judged.block.profile.channel_names, judged.loaded.detector.channels
    rows = judged.rows[judged.abnormal]
    # Column by column over all verdicts: when many are abnormal this is most of the scorer's work.
    columns = readings.columns.take(rows)
    ratios = judged.verdicts.ratios[judged.abnormal]
    table = zip(
        readings.offsets[rows].tolist(),
        columns.column("event_id").to_pylist(),
        columns.column("machine_id").to_pylist(),
        columns.column("sensor_id").to_pylist(),
        readings.recorded_at_us[rows].tolist(),
        judged.kinds.tolist(),
        np.argsort(-ratios, axis=1, kind="stable").tolist(),
        ratios.tolist(),
        judged.verdicts.raw[judged.abnormal].tolist(),
        _by_channel(channels, judged.values[judged.abnormal]),
        _by_channel(judging, judged.explanations.expected),
        _by_channel(judging, judged.explanations.contribution),
        strict=True,
    )
    for offset, event_id, machine, sensor, moment, kind, order, ratio, raw, measured, expected, contribution in table:
        position = Position(readings.topic, readings.partition, offset)
        yield (
            offset,
            AnomalyDetected(
                event_id=verdict_id(position, model.artifact_sha256),
                reading_event_id=UUID(event_id),
                reading_position=str(position),
                machine_id=machine,
                sensor_id=sensor,
                recorded_at=moment_of(moment),
                kind=kinds[kind],
                kinds=tuple(kinds[index] for index in order if ratio[index] > 1),
                score=ratio[kind],
                raw_score=raw[kind],
                severity=severity_of(ratio[kind]),
                measurements=measured,
                expected=expected,
                contribution=contribution,
                model=model,
                late=judged.late,
            ),
        )


def _by_channel(channels: tuple[str, ...], values: NDArray[np.float64]) -> list[dict[str, float]]:
    """Return each row of `values` (m, c) by channel, without its NaN."""
    if not np.isnan(values).any():
        return [dict(zip(channels, row, strict=True)) for row in values.tolist()]
    pairs = (zip(channels, row, strict=True) for row in values.tolist())
    return [{channel: value for channel, value in row if not isnan(value)} for row in pairs]


def _ranges(offsets: NDArray[np.int64]) -> Iterator[int]:
    """Yield first and next of each run of neighbouring offsets."""
    for run in np.split(offsets, np.flatnonzero(np.diff(offsets) != 1) + 1):
        yield int(run[0])
        yield int(run[-1]) + 1
