"""What one transaction does with one partition: computed whole before anything is written."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from domain.dead_letters import DeadLettered, Header
from domain.positions import Position
from domain.scoring import ScorerStateSaved, ScoringModelChanged
from domain.topics import (
    ANOMALY_EVENTS,
    DEAD_LETTERS,
    INCIDENT_EVENTS,
    MODEL_EVENTS,
    SCORER_STATE,
    SENSOR_EVENTS,
    SKIPS,
)
from ml.scoring.judge import Judgement, score
from ml.scoring.records import Stretch, ledgers_of, verdicts_of
from ml.scoring.state import ENCODING, LoadedModel, PartitionState, to_bytes
from ml.scoring.waiting import Decoded
from ml.scoring.warming import Warming
from schemas.codec import Event
from schemas.readings import Readings
from schemas.records import RecordBatch

CHUNK_BYTES: Final = 512 * 1024
"""Of a snapshot; well below the broker's limit of 1 MiB a record."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for every partition of one scorer: its version, its source topic's id, champions' position."""

    code_version: str
    source_topic_id: str
    model_events_position: int


@dataclass(frozen=True, slots=True)
class PartitionWork:
    """Records to append to a partition's own number, in this order, and the state that they belong to."""

    partition: int
    records: tuple[tuple[str, str | None, Event], ...]
    state: PartitionState


def prepare(
    partition: int,
    state: PartitionState,
    *,
    champions: Iterable[LoadedModel],
    decoded: Decoded | None,
    setting: Setting,
    warming: Warming,
) -> PartitionWork:
    """Return what the new champions and the new records of one partition cause; () records when nothing.

    `decoded` is None when only models changed. A process that has read less of model-events than the partition's last
    owner changes no model: it knows older news.
    """
    records: list[tuple[str, str | None, Event]] = []
    after = state
    if setting.model_events_position < state.inputs.get(MODEL_EVENTS, 0):
        champions = ()
    for loaded in champions:
        held = state.models.get(loaded.model.profile)
        if held is None or held.loaded.promoted_at < loaded.promoted_at:
            begins, how = warming.begin(partition, state, loaded)
            records.append((ANOMALY_EVENTS, None, _change(partition, state, loaded, setting, how=how)))
            after = after.with_model_state(begins)
    changed = bool(records)
    after = after.with_input(MODEL_EVENTS, setting.model_events_position)
    judgement = Judgement((), {})
    readings = None if decoded is None else decoded.readings
    if decoded is not None and readings is not None:
        judgement, after = score(readings, after, next_offset=decoded.batch.next_offset)
        records += [(ANOMALY_EVENTS, verdict.machine_id, verdict) for verdict in verdicts_of(readings, judgement)]
        records += [(INCIDENT_EVENTS, event.machine_id, event) for event in judgement.episodes]
        records += [(DEAD_LETTERS, None, letter) for letter in _dead_letters(decoded.batch, readings)]
        records += [(SKIPS, mark.position, mark) for mark in decoded.marks]
    if changed or decoded is not None:
        stretch = Stretch(SENSOR_EVENTS, partition, state.next_offset, after.next_offset)
        records += [(ANOMALY_EVENTS, None, ledger) for ledger in ledgers_of(stretch, readings, judgement, after)]
    if changed:
        records += [(SCORER_STATE, None, chunk) for chunk in snapshot_of(partition, after)]
    return PartitionWork(partition, tuple(records), after)


def snapshot_of(partition: int, state: PartitionState) -> Iterator[ScorerStateSaved]:
    """Yield a state's snapshot in chunks."""
    content = to_bytes(state)
    pieces = [content[start : start + CHUNK_BYTES] for start in range(0, len(content), CHUNK_BYTES)]
    for chunk, piece in enumerate(pieces):
        yield ScorerStateSaved(
            source_topic=SENSOR_EVENTS,
            source_partition=partition,
            next_offset=state.next_offset,
            models={profile: held.loaded.model.artifact_sha256 for profile, held in state.models.items()},
            inputs=state.inputs,
            chunk=chunk,
            chunks=len(pieces),
            encoding=ENCODING,
            content=piece,
        )


def _change(
    partition: int, state: PartitionState, loaded: LoadedModel, setting: Setting, *, how: str
) -> ScoringModelChanged:
    held = state.models.get(loaded.model.profile)
    parameters = json.dumps(dict(loaded.detector.parameters), sort_keys=True, separators=(",", ":"))
    return ScoringModelChanged(
        source_topic=SENSOR_EVENTS,
        source_topic_id=setting.source_topic_id,
        source_partition=partition,
        from_offset=state.next_offset,
        model=loaded.model,
        previous=None if held is None else held.loaded.model,
        model_events_offset=loaded.promoted_at,
        threshold=loaded.detector.threshold,
        parameters_sha256=hashlib.sha256(parameters.encode()).hexdigest(),
        code_version=setting.code_version,
        runtime=loaded.detector.runtime,
        state=how,
    )


def _dead_letters(batch: RecordBatch, readings: Readings) -> Iterator[DeadLettered]:
    if not readings.rejected:
        return
    row_of = {offset: row for row, offset in enumerate(batch.offsets.tolist())}
    for rejection in readings.rejected:
        row = row_of[rejection.offset]
        yield DeadLettered(
            position=str(Position(batch.topic, batch.partition, rejection.offset)),
            key=batch.keys[row],
            value=batch.values[row],
            headers=tuple(Header(name=name, value=value) for name, value in batch.headers[row]),
            error=rejection.error,
            message=rejection.message,
            stage="scorer",
        )
