"""The command RecordReadings: what is acceptable goes into the log, the rest is told apart item by item."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from commands.reading_log import Profiles, ReadingLog
from commands.recent_ids import RecentIds
from domain.admission import ReadingRefused, UnknownProfile, admit
from domain.positions import Position
from domain.profiles import ProfileDefined, newest_profile
from domain.readings import SensorReadingRecorded, derive_event_id, microseconds

EARLIEST_SENT: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Clocks that were never set begin in 1970 or 1980."""

FURTHEST_AHEAD: Final = timedelta(hours=24)
"""More is no matter of zones, but a wrong clock."""

CLOCK_AHEAD: Final = timedelta(minutes=5)
"""From here on a clock is told to be ahead; clocks that are set by radio or network are seconds apart."""

_UNPLAIN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedReading:
    """A reading as its sender states it.

    profile: a full reference or a bare name, which means its newest version. event_id: None when it follows from the
    content. machine_id and sensor_id: one of them may be None, a machine with a single sensor being that sensor.
    """

    machine_id: str | None
    sensor_id: str | None
    profile: str
    recorded_at: datetime
    measurements: Mapping[str, float]
    source: str
    event_id: UUID | None = None
    anomaly_injected: bool | None = None
    anomaly_type: str | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """The item at `index` is in the log.

    duplicate: a reading of the same id came before it, in this batch or lately. ahead_s: seconds by which its device's
    clock is ahead of ours, where that is more than CLOCK_AHEAD; else None.
    """

    index: int
    event_id: UUID
    position: Position
    duplicate: bool = False
    ahead_s: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The item at `index` is not in the log, and why."""

    index: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of every item of a batch."""

    appended: tuple[Appended, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class RecordReadingsHandler:
    """Carries out RecordReadings."""

    log: ReadingLog
    profiles: Profiles
    clock: Callable[[], datetime]
    recent: RecentIds = field(default_factory=RecentIds)

    def handle(self, items: Sequence[OfferedReading | Refused], *, any_time: bool = False) -> Outcome:
        """Append the acceptable readings among `items`; those that could not even be read come as Refused.

        any_time: also what lies before EARLIEST_SENT or further ahead than FURTHEST_AHEAD, such as old recordings.

        The same batch again appends again, under the same ids, which scorer and read models know as duplicates.

        Raises:
            LogFull: there is no room for readings; none was taken in.
            ReadingsNotAppended: the log did not take them all.
        """
        self.log.require_room()
        self._hear_of([item.profile for item in items if isinstance(item, OfferedReading)])
        now = self.clock()
        refused = [item for item in items if isinstance(item, Refused)]
        admitted: list[tuple[int, SensorReadingRecorded]] = []
        for index, item in enumerate(items):
            if isinstance(item, Refused):
                continue
            try:
                require_plain(item)
                if not any_time:
                    require_plausible(item.recorded_at, now)
                admitted.append((index, reading_of(item, self.profiles.known())))
            except ReadingRefused as refusal:
                refused.append(Refused(index, refusal.field, refusal.reason))
            except UnknownProfile as unknown:
                refused.append(Refused(index, "profile", str(unknown)))
        positions = self.log.append([reading for _, reading in admitted]) if admitted else ()
        appended = tuple(
            Appended(
                index,
                reading.event_id,
                position,
                duplicate=self.recent.seen(reading.event_id),
                ahead_s=ahead_s(reading.recorded_at, now),
            )
            for (index, reading), position in zip(admitted, positions, strict=True)
        )
        return Outcome(appended, tuple(sorted(refused, key=lambda item: item.index)))

    def _hear_of(self, names: Sequence[str]) -> None:
        """Ask the log again when a batch names a profile that was not heard of, or one by its newest version."""
        known = self.profiles.known()
        if any(name not in known for name in names):
            self.profiles.refresh()


def require_plain(item: OfferedReading) -> None:
    """Refuse texts that no id, name or file of ours could show: control characters, ends of lines, half characters.

    Here and not in `admit`, which also judges what is in the log already.

    Raises:
        ReadingRefused: one of them holds such a character.
    """
    texts = (
        ("machine_id", item.machine_id),
        ("sensor_id", item.sensor_id),
        ("profile", item.profile),
        ("source", item.source),
        ("anomaly_type", item.anomaly_type),
        *(("measurements", channel) for channel in item.measurements),
    )
    for name, text in texts:
        if text and (found := _UNPLAIN.search(text)):
            raise ReadingRefused(name, f"holds the character U+{ord(found[0]):04X}, which can't be shown")


def require_plausible(recorded_at: datetime, now: datetime) -> None:
    """Refuse the time of a clock that was never set, or runs far ahead: it would be the newest of all for years.

    Raises:
        ReadingRefused: it is one.
    """
    if recorded_at < EARLIEST_SENT:
        raise ReadingRefused(
            "recorded_at", f"{recorded_at.isoformat()} is before {EARLIEST_SENT.year}; ?any_time=true takes it"
        )
    if recorded_at - now > FURTHEST_AHEAD:
        raise ReadingRefused(
            "recorded_at",
            f"{recorded_at.isoformat()} is more than 24 h ahead of {now.isoformat()}; ?any_time=true takes it",
        )


def ahead_s(recorded_at: datetime, now: datetime) -> float | None:
    """Return by how many seconds a device's clock is ahead of ours, None when by no more than CLOCK_AHEAD."""
    ahead = recorded_at - now
    return ahead.total_seconds() if ahead > CLOCK_AHEAD else None


def reading_of(item: OfferedReading, known: Mapping[str, ProfileDefined]) -> SensorReadingRecorded:
    """Return the reading that an item states, admitted; `known` are the profiles by reference.

    Raises:
        ReadingRefused: it is not acceptable.
        UnknownProfile: its profile is not known.
    """
    profile = newest_profile(list(known.values()), item.profile)
    machine_id = item.machine_id if item.machine_id is not None else item.sensor_id
    sensor_id = item.sensor_id if item.sensor_id is not None else item.machine_id
    if machine_id is None or sensor_id is None:
        raise ReadingRefused("sensor_id", "is missing, and so is machine_id")
    reading = SensorReadingRecorded(
        event_id=UUID(int=0),
        machine_id=machine_id,
        sensor_id=sensor_id,
        profile=profile.ref if profile is not None else item.profile,
        recorded_at=item.recorded_at,
        measurements=item.measurements,
        source=item.source,
        anomaly_injected=item.anomaly_injected,
        anomaly_type=item.anomaly_type,
    )
    admit(reading, known)
    content = (machine_id, sensor_id, microseconds(item.recorded_at), item.measurements)
    return replace(reading, event_id=item.event_id or derive_event_id(*content))
