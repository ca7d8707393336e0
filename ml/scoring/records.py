"""What a scorer writes for one partition in one transaction: verdicts and the ledger."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
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


@dataclass(frozen=True, slots=True)
class Stretch:
    """Half-open offsets of one partition that one transaction covers."""

    topic: str
    partition: int
    from_offset: int
    next_offset: int


def verdicts_of(readings: Readings, judgement: Judgement) -> list[AnomalyDetected]:
    """Return one verdict per abnormal reading, in log order."""
    found = [verdict for profile in judgement.profiles for verdict in _verdicts(readings, profile)]
    return [verdict for _, verdict in sorted(found, key=lambda pair: pair[0])]


def ledger_of(
    stretch: Stretch, readings: Readings | None, judgement: Judgement, state: PartitionState
) -> ReadingsScored:
    """Return the ledger record of a stretch; `readings` is None where the stretch holds no record."""
    slots = stretch.next_offset - stretch.from_offset
    columns: dict[str, NDArray[np.float64]] = {}
    abnormal: list[int] = []
    flags: dict[Flag, NDArray[np.int64]] = {}
    if readings is not None:
        for profile in judgement.profiles:
            places = readings.offsets[profile.rows] - stretch.from_offset
            for column, kind in enumerate(profile.loaded.detector.kinds):
                columns.setdefault(kind, np.full(slots, np.nan))[places] = profile.verdicts.ratios[:, column]
            abnormal += readings.offsets[profile.rows[profile.abnormal]].tolist()
        flags = {flag: readings.offsets[rows] for flag, rows in judgement.flagged.items()}
        flags[Flag.REJECTED] = np.array([rejection.offset for rejection in readings.rejected], np.int64)
    flags[Flag.ABSENT] = _absent(stretch, readings)
    return ReadingsScored(
        source_topic=stretch.topic,
        source_partition=stretch.partition,
        from_offset=stretch.from_offset,
        next_offset=stretch.next_offset,
        columns=tuple(ScoreColumn(detector=kind, scores=tuple(scores.tolist())) for kind, scores in columns.items()),
        abnormal=tuple(sorted(abnormal)),
        flags=tuple(
            FlaggedRanges(name=flag, ranges=tuple(_ranges(offsets))) for flag, offsets in flags.items() if len(offsets)
        ),
        models=tuple(
            ModelInForce(
                profile=profile.block.profile.ref,
                model=str(profile.loaded.model),
                artifact_sha256=profile.loaded.model.artifact_sha256,
            )
            for profile in judgement.profiles
        ),
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
            ),
        )


def _by_channel(channels: tuple[str, ...], values: NDArray[np.float64]) -> list[dict[str, float]]:
    """Return each row of `values` (m, c) by channel, without its NaN."""
    if not np.isnan(values).any():
        return [dict(zip(channels, row, strict=True)) for row in values.tolist()]
    pairs = (zip(channels, row, strict=True) for row in values.tolist())
    return [{channel: value for channel, value in row if not isnan(value)} for row in pairs]


def _absent(stretch: Stretch, readings: Readings | None) -> NDArray[np.int64]:
    """Return the offsets of a stretch that hold no record: transaction markers take offsets too."""
    held = np.zeros(stretch.next_offset - stretch.from_offset, np.bool_)
    if readings is not None:
        held[readings.offsets - stretch.from_offset] = True
        held[[rejection.offset - stretch.from_offset for rejection in readings.rejected]] = True
    return np.flatnonzero(~held) + stretch.from_offset


def _ranges(offsets: NDArray[np.int64]) -> Iterator[int]:
    """Yield first and next of each run of neighbouring offsets."""
    for run in np.split(offsets, np.flatnonzero(np.diff(offsets) != 1) + 1):
        yield int(run[0])
        yield int(run[-1]) + 1
