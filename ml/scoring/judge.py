"""One partition's readings judged: `score(readings, state) -> (judgement, state)`, pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from domain.incident_events import EpisodeEvent
from domain.scoring import Flag
from ml.detector import Batch, Explanations, Verdicts
from ml.scoring.episodes import follow_episodes
from ml.scoring.sequence import CLOCK_AHEAD, DUPLICATE, LATE, ORDINARY, follow
from ml.scoring.state import LoadedModel, ModelState, PartitionState, SensorKey
from schemas.readings import ProfileBlock, Readings, uuid_bytes

_ORDER_FLAGS = {LATE: Flag.LATE, DUPLICATE: Flag.DUPLICATE, CLOCK_AHEAD: Flag.CLOCK_AHEAD}


@dataclass(frozen=True, slots=True)
class ProfileJudgement:
    """What one model said of one profile's readings in a batch.

    rows: intp (m,), rows among the batch's readings, ascending. abnormal: intp (a,), places among `rows`.
    kinds: intp (a,), column of the largest ratio of each abnormal row. explanations: rows as `abnormal`.
    """

    loaded: LoadedModel
    block: ProfileBlock
    rows: NDArray[np.intp]
    values: NDArray[np.float64]
    verdicts: Verdicts
    abnormal: NDArray[np.intp]
    kinds: NDArray[np.intp]
    explanations: Explanations


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of each reading of a batch: judged by a model, or flagged with the reason why not.

    flagged: by flag the rows among the batch's readings. episodes: what that does to machines' incidents.
    """

    profiles: tuple[ProfileJudgement, ...]
    flagged: Mapping[Flag, NDArray[np.intp]]
    episodes: tuple[EpisodeEvent, ...] = ()


def score(readings: Readings, state: PartitionState, *, next_offset: int) -> tuple[Judgement, PartitionState]:
    """Return what the models in force say of `readings`, and the state after the records below `next_offset`.

    `state` stays as it was. Readings of a profile without a model are unscored; late, repeated and clock-ahead ones
    are flagged and change no state.
    """
    sensors, rows_of_sensors = _sensor_rows(readings, state.sensors)
    sequence = state.sequence.extended_to(len(sensors))
    order = follow(
        sequence,
        sensors=rows_of_sensors,
        recorded_at_us=readings.recorded_at_us,
        appended_at_us=readings.appended_at_us,
        event_ids=uuid_bytes(readings.columns.column("event_id")),
    )
    flagged = {flag: np.flatnonzero(order == code) for code, flag in _ORDER_FLAGS.items()}
    keys = tuple(sensors)
    models = dict(state.models)
    judged, unscored, unjudged = [], [], []
    for block in readings.blocks:
        ordinary = np.flatnonzero(order[block.rows] == ORDINARY)
        rows = block.rows[ordinary]
        held = models.get(block.profile.ref)
        if held is None:
            unscored.append(rows)
            continue
        judgement, models[block.profile.ref] = _judge(
            readings, block, ordinary, held=held, keys=keys, rows_of_sensors=rows_of_sensors
        )
        judged.append(judgement)
        unjudged.append(rows[judgement.verdicts.unjudged])
    flagged[Flag.UNSCORED] = np.sort(np.concatenate(unscored)) if unscored else np.empty(0, np.intp)
    flagged[Flag.UNJUDGED] = np.sort(np.concatenate(unjudged)) if unjudged else np.empty(0, np.intp)
    events, episodes = follow_episodes(readings, judged, state.episodes)
    after = replace(
        state, next_offset=next_offset, sensors=sensors, sequence=sequence, models=models, episodes=episodes
    )
    return Judgement(tuple(judged), flagged, events), after


def _judge(
    readings: Readings,
    block: ProfileBlock,
    ordinary: NDArray[np.intp],
    *,
    held: ModelState,
    keys: tuple[SensorKey, ...],
    rows_of_sensors: NDArray[np.int64],
) -> tuple[ProfileJudgement, ModelState]:
    detector, rows, values = held.loaded.detector, block.rows[ordinary], block.values[ordinary]
    used = rows_of_sensors[rows]
    place = {sensor: row for row, sensor in enumerate(held.sensors)}
    states = held.states
    if added := [sensor for sensor in dict.fromkeys(used.tolist()) if sensor not in place]:
        fresh = [detector.fresh(machine_id=keys[sensor][0], sensor_id=keys[sensor][1]) for sensor in added]
        states = np.vstack([states, *fresh])
        place.update({sensor: len(held.sensors) + row for row, sensor in enumerate(added)})
    local = np.full(len(keys), -1, np.int64)
    local[list(place)] = list(place.values())
    batch = Batch(values=values, recorded_at_us=readings.recorded_at_us[rows], sensors=local[used])
    verdicts, after = detector.score(batch, states)
    voting = np.where(np.array(detector.votes), verdicts.ratios, np.nan)
    filled = np.nan_to_num(voting, nan=-np.inf)
    abnormal = np.flatnonzero((filled > 1).any(axis=1))
    kinds = filled[abnormal].argmax(axis=1) if len(abnormal) else np.empty(0, np.intp)
    explanations = detector.explain(batch, states, rows=abnormal.astype(np.int64), kinds=kinds.astype(np.int64))
    judgement = ProfileJudgement(held.loaded, block, rows, values, verdicts, abnormal, kinds, explanations)
    return judgement, ModelState(held.loaded, (*held.sensors, *added), after)


def _sensor_rows(readings: Readings, known: Mapping[SensorKey, int]) -> tuple[dict[SensorKey, int], NDArray[np.int64]]:
    """Return the sensors with those of `readings` added in order of appearance, and the row of each reading."""
    sensors = dict(known)
    machines, names = (readings.columns.column(name).dictionary_encode() for name in ("machine_id", "sensor_id"))
    codes = machines.indices.to_numpy().astype(np.int64) * max(len(names.dictionary), 1) + names.indices.to_numpy()
    pairs, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    rows = np.empty(len(pairs), np.int64)
    for pair in np.argsort(first):
        machine, name = divmod(int(pairs[pair]), len(names.dictionary))
        key = (machines.dictionary[machine].as_py(), names.dictionary[name].as_py())
        rows[pair] = sensors.setdefault(key, len(sensors))
    return sensors, rows[inverse]
