"""One reading judged again: the state before it from the log, the model from its bytes, the same code as live."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from domain.anomalies import AnomalyDetected
from domain.models import ModelRef
from domain.positions import Position
from domain.scoring import ReadingsScored, ScoringModelChanged
from ml.artifact import NotAnArtifact, sha256_of
from ml.detector import Detector
from ml.lineage.ports import LineageLog
from ml.loading import load_detector
from ml.scoring.judge import score
from ml.scoring.ports import Models, ModelUnloadable, ReadingDecoding
from ml.scoring.records import verdicts_of
from ml.scoring.state import LoadedModel, PartitionState
from ml.scoring.taking import folded, restored
from ml.scoring.warming import CARRIED, FRESH, Warming

_WARMED: Final = "warmed("


class NotReplayable(Exception):
    """The log does not hold what judging the reading again needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedAgain:
    """What the model says of one reading now.

    ratio, raw: of the recorded kind; NaN when it judged nothing. verdict: None when the reading is not abnormal.
    promoted_at: offset of the promotion that put the model into force, as the scorer recorded it at the change.
    """

    ratio: float
    raw: float
    abnormal: bool
    verdict: AnomalyDetected | None
    runtime: str
    snapshot_at: int
    folded: int
    changes: int
    promoted_at: int


class StoredModels:
    """Detectors from model-artifacts; bytes that are not those of their hash are loaded all the same.

    So a damaged model is told with the score that it gives beside the score that was recorded. Never used to score
    anything that is written down.
    """

    def __init__(self, log: LineageLog) -> None:
        self._log = log
        self._loaded: dict[str, Detector] = {}

    def promotions(self) -> Iterator[tuple[int, object]]:
        """Return nothing: which model was in force is read from the recorded changes, never decided again."""
        return iter(())

    def sha256(self, artifact_sha256: str) -> str | None:
        """Return the hash of the bytes that are stored under a hash; None when they are not there whole."""
        stored = self._log.stored(artifact_sha256)
        return None if stored is None else sha256_of(stored.content)

    def load(self, model: ModelRef) -> Detector:
        """Return the detector in the stored bytes.

        Raises:
            ModelUnloadable: there are none, or no detector is in them.
        """
        if model.artifact_sha256 not in self._loaded:
            stored = self._log.stored(model.artifact_sha256)
            if stored is None:
                raise ModelUnloadable(f"{model}: model-artifacts does not hold {model.artifact_sha256} whole")
            try:
                self._loaded[model.artifact_sha256] = load_detector(stored.content, format=stored.format)
            except NotAnArtifact as error:
                raise ModelUnloadable(f"{model}: {error}") from error
        return self._loaded[model.artifact_sha256]


def judge_again(
    verdict: AnomalyDetected, position: Position, *, log: LineageLog, models: Models, decoding: ReadingDecoding
) -> JudgedAgain:
    """Judge a verdict's reading again.

    `position` is the verdict's own. 1. Restore the nearest snapshot at or below the reading. 2. Read the decisions
    that were recorded between it and the verdict: which model judged from which offset on, and what it began with.
    3. Fold the readings below the reading in log order, changing models where the record says so. 4. Judge the one
    reading. Batch borders are not repeated: any split of the log gives the same state, to the bit.

    Raises:
        NotReplayable: snapshot, readings or the recorded changes do not lead to the reading.
        ModelUnloadable: a model's bytes are missing or hold no detector.
    """
    reading = Position.parse(verdict.reading_position)
    state = _nearest(reading, log=log, models=models)  # Step 1
    snapshot_at = state.next_offset
    changes = _changes(state, position, log)  # Step 2
    warming = Warming(log, decoding)
    for change in changes:  # Step 3
        state = folded(state, reading.partition, change.from_offset, history=log, decoding=decoding)
        state = changed(state, change, models=models, warming=warming)
    state = folded(state, reading.partition, reading.offset, history=log, decoding=decoding)
    batch = next(iter(log.records(reading.partition, reading.offset, reading.offset + 1)), None)  # Step 4
    if batch is None:
        raise NotReplayable(f"the log holds no record at {reading}")
    readings = decoding.decode(batch)
    judgement, _ = score(readings, state, next_offset=batch.next_offset)
    said = [one for one in judgement.everything if len(one.rows)]
    if not said:
        flags = [flag for flag, rows in judgement.flagged.items() if len(rows)]
        raise NotReplayable(f"{reading} is not judged: {', '.join(flags) or 'it is rejected'}")
    judged = said[0]
    detector = judged.loaded.detector
    column = detector.kinds.index(verdict.kind) if verdict.kind in detector.kinds else None
    again = verdicts_of(readings, judgement)
    return JudgedAgain(
        ratio=np.nan if column is None else float(judged.verdicts.ratios[0, column]),
        raw=np.nan if column is None else float(judged.verdicts.raw[0, column]),
        abnormal=bool(again),
        verdict=again[0] if again else None,
        runtime=detector.runtime,
        snapshot_at=snapshot_at,
        folded=reading.offset - snapshot_at,
        changes=len(changes),
        promoted_at=judged.loaded.promoted_at,
    )


def _nearest(reading: Position, *, log: LineageLog, models: Models) -> PartitionState:
    for chunks in log.snapshots(reading.partition):
        if chunks[0].next_offset <= reading.offset:
            return restored(chunks, models)
    return PartitionState(0)


def _changes(state: PartitionState, verdict: Position, log: LineageLog) -> list[ScoringModelChanged]:
    """Return the changes of model between a snapshot and a verdict, oldest first, without those in the snapshot."""
    found: list[ScoringModelChanged] = []
    for decision in log.decisions_before(verdict):
        if isinstance(decision, ReadingsScored):
            if decision.from_offset < state.next_offset:
                break
            continue
        held = state.models.get(decision.model.profile)
        if held is None or held.loaded.promoted_at < decision.model_events_offset:
            found.insert(0, decision)
    return found


def changed(state: PartitionState, change: ScoringModelChanged, *, models: Models, warming: Warming) -> PartitionState:
    """Return the state in which the scoring goes on with another model, as the record of the change says.

    Raises:
        NotReplayable: it says something that this version does not know.
        ModelUnloadable: the model's bytes are missing or hold no detector.
    """
    loaded = LoadedModel(change.model, change.model_events_offset, models.load(change.model))
    if change.state == FRESH:
        return state.with_model(loaded)
    if change.state == CARRIED:
        return state.with_model_state(replace(state.models[change.model.profile], loaded=loaded))
    if not change.state.startswith(_WARMED):
        raise NotReplayable(f"{change.model} began with {change.state!r}, which this version does not know")
    start = int(change.state.removeprefix(_WARMED).removesuffix(")"))
    return state.with_model_state(warming.warmed(change.source_partition, start, state, loaded))


def runtime_of(model: ModelRef, position: Position, log: LineageLog) -> str | None:
    """Return the engine that scored with `model` when the verdict was written, as its change says; None: not said."""
    for decision in log.decisions_before(position):
        if isinstance(decision, ScoringModelChanged) and decision.model == model:
            return decision.runtime
    return None
