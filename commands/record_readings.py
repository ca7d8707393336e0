"""The command RecordReadings: what is acceptable goes into the log, the rest is told apart item by item."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from commands.reading_log import Profiles, ReadingLog
from domain.admission import ReadingRefused, UnknownProfile, admit
from domain.intake import CLOCK_AHEAD, require_likely_time, require_plain_texts
from domain.positions import Position
from domain.profiles import ProfileDefined, newest_profile
from domain.readings import SensorReadingRecorded, derive_event_id, microseconds


def _now() -> datetime:
    return datetime.now(UTC)


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
    """The item at `index` is in the log."""

    index: int
    event_id: UUID
    position: Position


@dataclass(frozen=True, slots=True)
class Refused:
    """The item at `index` is not in the log, and why."""

    index: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of every item of a batch; ahead: those in the log whose clock is ahead, which nobody judges."""

    appended: tuple[Appended, ...]
    refused: tuple[Refused, ...]
    ahead: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordReadingsHandler:
    """Carries out RecordReadings."""

    log: ReadingLog
    profiles: Profiles
    clock: Callable[[], datetime] = _now

    def handle(self, items: Sequence[OfferedReading | Refused], *, any_time: bool = False) -> Outcome:
        """Append the acceptable readings among `items`; those that could not even be read come as Refused.

        any_time: take readings whose time is most likely a wrong clock's too.

        The same batch again appends again, under the same ids, which scorer and read models know as duplicates.

        Raises:
            LogFull: there is no room for readings; none was taken in.
            ReadingsNotAppended: the log did not take them all.
        """
        self.log.require_room()
        self._hear_of([item.profile for item in items if isinstance(item, OfferedReading)])
        refused = [item for item in items if isinstance(item, Refused)]
        admitted: list[tuple[int, SensorReadingRecorded]] = []
        now = self.clock()
        for index, item in enumerate(items):
            if isinstance(item, Refused):
                continue
            try:
                require_taken_in(item, now=None if any_time else now)
                admitted.append((index, reading_of(item, self.profiles.known())))
            except ReadingRefused as refusal:
                refused.append(Refused(index, refusal.field, refusal.reason))
            except UnknownProfile as unknown:
                refused.append(Refused(index, "profile", str(unknown)))
        positions = self.log.append([reading for _, reading in admitted]) if admitted else ()
        appended = tuple(
            Appended(index, reading.event_id, position)
            for (index, reading), position in zip(admitted, positions, strict=True)
        )
        ahead = tuple(index for index, reading in admitted if reading.recorded_at > now + CLOCK_AHEAD)
        return Outcome(appended, tuple(sorted(refused, key=lambda item: item.index)), ahead)

    def _hear_of(self, names: Sequence[str]) -> None:
        """Ask the log again when a batch names a profile that was not heard of, or one by its newest version."""
        known = self.profiles.known()
        if any(name not in known for name in names):
            self.profiles.refresh()


def require_taken_in(item: OfferedReading, *, now: datetime | None) -> None:
    """Return when what intake asks for holds; `now`: None where any time is taken.

    Raises:
        ReadingRefused: a text has control characters, or the time is most likely a wrong clock's.
    """
    texts = {
        "machine_id": item.machine_id,
        "sensor_id": item.sensor_id,
        "profile": item.profile,
        "source": item.source,
        "anomaly_type": item.anomaly_type,
    }
    require_plain_texts({**texts, **{f"measurements.{channel}": channel for channel in item.measurements}})
    if now is not None:
        require_likely_time(item.recorded_at, now=now)


def reading_of(item: OfferedReading, known: Mapping[str, ProfileDefined]) -> SensorReadingRecorded:
    """Return the reading that an item states, admitted; `known` are the profiles by reference.

    Raises:
        ReadingRefused: it is not acceptable.
        UnknownProfile: its profile is not known.
    """
    profile = newest_profile(list(known.values()), item.profile)
    if profile is None:
        raise UnknownProfile(item.profile)
    machine_id = item.machine_id if item.machine_id is not None else item.sensor_id
    sensor_id = item.sensor_id if item.sensor_id is not None else item.machine_id
    if machine_id is None or sensor_id is None:
        raise ReadingRefused("sensor_id", "is missing, and so is machine_id")
    reading = SensorReadingRecorded(
        event_id=UUID(int=0),
        machine_id=machine_id,
        sensor_id=sensor_id,
        profile=profile.ref,
        recorded_at=item.recorded_at,
        measurements=item.measurements,
        source=item.source,
        anomaly_injected=item.anomaly_injected,
        anomaly_type=item.anomaly_type,
    )
    admit(reading, known)
    content = (machine_id, sensor_id, microseconds(item.recorded_at), item.measurements)
    return replace(reading, event_id=item.event_id or derive_event_id(*content))
