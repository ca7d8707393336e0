"""Fakes of the ports through which readings and profiles come in."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from domain.appending import LogFull, ReadingsNotAppended
from domain.positions import Position
from domain.profiles import ProfileDefined
from domain.readings import SensorReadingRecorded
from domain.topics import SENSOR_EVENTS


class FakeReadings:
    """A log of readings in memory: ReadingSink and KnownReadings at once; fails after `takes` readings when told to."""

    def __init__(self, *, takes: int | None = None) -> None:
        self.rows: list[dict[str, object]] = []
        self.asked: list[set[str]] = []
        self.takes = takes
        self._queued: list[dict[str, object]] = []

    def append(self, table: pa.RecordBatch) -> None:
        self._queued.extend(table.to_pylist())
        if self.takes is not None and len(self.rows) + len(self._queued) > self.takes:
            raise ReadingsNotAppended("the log is full")

    def flush(self) -> None:
        self.rows.extend(self._queued)
        self._queued.clear()

    def ids(self, machine_ids: Collection[str]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
        self.asked.append(set(machine_ids))
        rows = [row for row in self.rows if row["machine_id"] in machine_ids]
        times = np.array([row["recorded_at"] for row in rows], np.int64)
        ids = b"".join(UUID(str(row["event_id"])).bytes for row in rows)
        yield times, np.frombuffer(ids, np.uint8).reshape(-1, 16)

    def column(self, name: str) -> list[object]:
        return [row[name] for row in self.rows]


class FakeProfileLog:
    """profile-events in memory."""

    def __init__(self, *profiles: ProfileDefined) -> None:
        self.profiles = list(profiles)

    def known(self) -> Sequence[ProfileDefined]:
        return tuple(self.profiles)


class FakeReadingLog:
    """sensor-events in memory, one partition."""

    def __init__(self, *, answers: bool = True) -> None:
        self.readings: list[SensorReadingRecorded] = []
        self.answers = answers
        self.full = False

    def require_room(self) -> None:
        if self.full:
            raise LogFull("only 3 MB are free on the log's disk: no reading is taken in")

    def append(self, readings: Sequence[SensorReadingRecorded]) -> Sequence[Position]:
        self.require_room()
        if not self.answers:
            raise ReadingsNotAppended("the log took 0 readings: no answer in time")
        first = len(self.readings)
        self.readings.extend(readings)
        return [Position(SENSOR_EVENTS, 0, first + place) for place in range(len(readings))]


class FakeProfiles:
    """Profiles that are heard of only after a refresh."""

    def __init__(self, *profiles: ProfileDefined) -> None:
        self.in_log = list(profiles)
        self.refreshed = 0
        self._known: dict[str, ProfileDefined] = {}

    def known(self) -> Mapping[str, ProfileDefined]:
        return self._known

    def refresh(self) -> None:
        self.refreshed += 1
        self._known = {profile.ref: profile for profile in self.in_log}
