"""One partition's readings judged: `score(readings, state) -> (judgement, state)`, pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from domain.incident_events import EpisodeEvent
from domain.scoring import Flag
from ml.detector import Batch, Explanations, Verdicts
from ml.scoring.episodes import follow_episodes
from ml.scoring.late_lane import follow_late
from ml.scoring.sequence import CLOCK_AHEAD, DUPLICATE, LATE, ORDINARY, follow
from ml.scoring.state import Known, LoadedModel, PartitionState, SensorKey
from schemas.readings import ProfileBlock, Readings, uuid_bytes

_ORDER_FLAGS = {LATE: Flag.LATE, DUPLICATE: Flag.DUPLICATE, CLOCK_AHEAD: Flag.CLOCK_AHEAD}


@dataclass(frozen=True, slots=True)
class ProfileJudgement:
    """What one model said of one profile's readings in a batch.

    rows: intp (m,), rows among the batch's readings, ascending. abnormal: intp (a,), places among `rows`.
    kinds: intp (a,), column of the largest ratio of each abnormal row. explanations: rows as `abnormal`.
    late: whether these readings came after newer ones of their sensors, and were judged in the second lane.
    """

    loaded: LoadedModel
    block: ProfileBlock
    rows: NDArray[np.intp]
    values: NDArray[np.float64]
    verdicts: Verdicts
    abnormal: NDArray[np.intp]
    kinds: NDArray[np.intp]
    explanations: Explanations
    late: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of each reading of a batch: judged by a model, or flagged with the reason why not.

    flagged: by flag the rows among the batch's readings; all late ones are flagged, judged or not. late: what was said
    of late readings, in their own order. episodes: what all of that does to machines' incidents.
    """

    profiles: tuple[ProfileJudgement, ...]
    flagged: Mapping[Flag, NDArray[np.intp]]
    episodes: tuple[EpisodeEvent, ...] = ()
    late: tuple[ProfileJudgement, ...] = ()

    @property
    def everything(self) -> tuple[ProfileJudgement, ...]:
        """Return what was said of readings in order and of late ones."""
        return (*self.profiles, *self.late)


def score(readings: Readings, state: PartitionState, *, next_offset: int) -> tuple[Judgement, PartitionState]:
    """Return what the models in force say of `readings`, and the state after the records below `next_offset`.

    `state` stays as it was. Readings of a profile without a model are unscored; repeated and clock-ahead ones are
    flagged and change no state. Late ones are flagged too, and judged in a lane of their own.
    """
    sensors, rows_of_sensors = _sensor_rows(readings, state.sensors)
    sequence = state.sequence.extended_to(len(sensors))
    event_ids = uuid_bytes(readings.columns.column("event_id"))
    order = follow(
        sequence,
        sensors=rows_of_sensors,
        recorded_at_us=readings.recorded_at_us,
        appended_at_us=readings.appended_at_us,
        event_ids=event_ids,
    )
    beside = follow_late(
        state.lanes, readings, np.flatnonzero(order == LATE), sensors=rows_of_sensors, event_ids=event_ids
    )
    order[(order == LATE) & (beside.order == DUPLICATE)] = DUPLICATE
    flagged = {flag: np.flatnonzero(order == code) for code, flag in _ORDER_FLAGS.items()}
    keys, going_on = tuple(sensors), beside.lanes.slots()
    models = dict(state.models)
    judged, judged_late, unscored, unjudged = [], [], [], []
    for block in readings.blocks:
        ordinary = np.flatnonzero(order[block.rows] == ORDINARY)
        rows = block.rows[ordinary]
        held = models.get(block.profile.ref)
        if held is None:
            unscored.append(rows)
            continue
        judgement, known = _judge(
            readings,
            block,
            ordinary,
            model=held.loaded,
            held=held.in_order,
            slots=rows_of_sensors,
            key_of=keys.__getitem__,
        )
        judged.append(judgement)
        unjudged.append(rows[judgement.verdicts.unjudged])
        held = replace(held, sensors=known.slots, states=known.states)
        late = np.flatnonzero((order[block.rows] == LATE) & (beside.order[block.rows] == ORDINARY))
        if len(late):
            judgement, known = _judge(
                readings,
                block,
                late,
                model=held.loaded,
                held=held.late,
                slots=beside.slots,
                key_of=lambda slot: keys[beside.lanes.sensor_of(slot)],
            )
            judged_late.append(replace(judgement, late=True))
            held = replace(held, late=known)
        models[block.profile.ref] = held
    if beside.lanes is not state.lanes:
        models = {profile: replace(held, late=held.late.only(going_on)) for profile, held in models.items()}
    flagged[Flag.UNSCORED] = np.sort(np.concatenate(unscored)) if unscored else np.empty(0, np.intp)
    flagged[Flag.UNJUDGED] = np.sort(np.concatenate(unjudged)) if unjudged else np.empty(0, np.intp)
    events, episodes = follow_episodes(readings, judged, state.episodes)
    late_events, late_episodes = follow_episodes(readings, judged_late, state.late_episodes, late=True)
    after = replace(
        state,
        next_offset=next_offset,
        sensors=sensors,
        sequence=sequence,
        models=models,
        episodes=episodes,
        lanes=beside.lanes,
        late_episodes=late_episodes,
    )
    caused = sorted((*events, *late_events), key=lambda pair: pair[0])
    return Judgement(tuple(judged), flagged, tuple(event for _, event in caused), tuple(judged_late)), after


def _judge(
    readings: Readings,
    block: ProfileBlock,
    places: NDArray[np.intp],
    *,
    model: LoadedModel,
    held: Known,
    slots: NDArray[np.int64],
    key_of: Callable[[int], SensorKey],
) -> tuple[ProfileJudgement, Known]:
    """Return what `model` says of the readings at `places` of a block, and what it knows after them.

    slots: int64 (n,), of each reading of the batch what names the state that it changes; `key_of` names its sensor.
    """
    detector, rows, values = model.detector, block.rows[places], block.values[places]
    used = slots[rows].tolist()
    place = {slot: row for row, slot in enumerate(held.slots)}
    states = held.states
    if added := [slot for slot in dict.fromkeys(used) if slot not in place]:
        keys = [key_of(slot) for slot in added]
        states = np.vstack([states, *(detector.fresh(machine_id=machine, sensor_id=name) for machine, name in keys)])
        place.update({slot: len(held.slots) + row for row, slot in enumerate(added)})
    local = np.fromiter((place[slot] for slot in used), np.int64, len(used))
    batch = Batch(values=values, recorded_at_us=readings.recorded_at_us[rows], sensors=local)
    verdicts, after = detector.score(batch, states)
    voting = np.where(np.array(detector.votes), verdicts.ratios, np.nan)
    filled = np.nan_to_num(voting, nan=-np.inf)
    abnormal = np.flatnonzero((filled > 1).any(axis=1))
    kinds = filled[abnormal].argmax(axis=1) if len(abnormal) else np.empty(0, np.intp)
    explanations = detector.explain(batch, states, rows=abnormal.astype(np.int64), kinds=kinds.astype(np.int64))
    judgement = ProfileJudgement(model, block, rows, values, verdicts, abnormal, kinds, explanations)
    return judgement, Known((*held.slots, *added), after)


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
