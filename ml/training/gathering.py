"""Decoded readings to training rows: one profile's, in the order in which the scorer would judge them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.profiles import ProfileDefined
from ml.manifest import Selection
from ml.scoring.sequence import ORDINARY, Sequence, follow
from ml.training.trainer import TrainingRows
from schemas.readings import ProfileBlock, Readings, uuid_bytes


class RowCollector:
    """Takes decoded batches, partitions one after another and each in log order, and keeps the selected rows.

    Late, repeated and clock-ahead readings are left out by the scorer's own rule, applied to the selected rows only.
    """

    def __init__(self, selection: Selection, profile: ProfileDefined) -> None:
        self._selection: Final = selection
        self._profile: Final = profile
        self._sensors: dict[tuple[str, str], int] = {}
        self._sequence = Sequence.empty()
        self._values: list[NDArray[np.float64]] = [np.empty((0, len(profile.channels)))]
        # Rows of int64: partition, offset, recorded_at in µs, sensor.
        self._places: list[NDArray[np.int64]] = [np.empty((4, 0), np.int64)]

    def add(self, readings: Readings) -> None:
        """Take in one batch."""
        for block in readings.blocks:
            if block.profile.ref == self._profile.ref:
                self._add(readings, block)

    def rows(self) -> TrainingRows:
        """Return all rows taken in."""
        partitions, offsets, recorded_at_us, sensors = np.concatenate(self._places, axis=1)
        return TrainingRows(
            values=np.concatenate(self._values),
            recorded_at_us=recorded_at_us,
            partitions=partitions,
            offsets=offsets,
            sensors=sensors,
            sensor_names=tuple(self._sensors),
        )

    def _add(self, readings: Readings, block: ProfileBlock) -> None:
        inside = self._within(readings.recorded_at_us[block.rows])
        rows, values = block.rows[inside], block.values[inside]
        if not len(rows):
            return
        sensors = self._sensor_rows(readings, rows)
        self._sequence = self._sequence.extended_to(len(self._sensors))
        order = follow(
            self._sequence,
            sensors=sensors,
            recorded_at_us=readings.recorded_at_us[rows],
            appended_at_us=readings.appended_at_us[rows],
            event_ids=uuid_bytes(readings.columns.column("event_id"))[rows],
        )
        kept = order == ORDINARY
        rows = rows[kept]
        partitions = np.full(len(rows), readings.partition, np.int64)
        self._values.append(values[kept])
        self._places.append(
            np.stack([partitions, readings.offsets[rows], readings.recorded_at_us[rows], sensors[kept]])
        )

    def _within(self, recorded_at_us: NDArray[np.int64]) -> NDArray[np.bool_]:
        inside = np.ones(len(recorded_at_us), np.bool_)
        if self._selection.recorded_from_us is not None:
            inside &= recorded_at_us >= self._selection.recorded_from_us
        if self._selection.recorded_before_us is not None:
            inside &= recorded_at_us < self._selection.recorded_before_us
        return inside

    def _sensor_rows(self, readings: Readings, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """Return the sensor of each row, numbered in order of appearance."""
        taken = readings.columns.select(["machine_id", "sensor_id"]).take(rows)
        machines, names = (taken.column(name).dictionary_encode() for name in ("machine_id", "sensor_id"))
        width = len(names.dictionary)
        pairs, first, inverse = np.unique(
            machines.indices.to_numpy().astype(np.int64) * width + names.indices.to_numpy(),
            return_index=True,
            return_inverse=True,
        )
        numbers = np.empty(len(pairs), np.int64)
        for pair in np.argsort(first):
            machine, name = divmod(int(pairs[pair]), width)
            key = (machines.dictionary[machine].as_py(), names.dictionary[name].as_py())
            numbers[pair] = self._sensors.setdefault(key, len(self._sensors))
        return numbers[inverse]
