"""The log cut at a moment, and a slow fold of it: one record after the other, in dictionaries, sharing no SQL."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain.positions import Position
from domain.profiles import ProfileDefined
from domain.readings import microseconds, moment_of
from projections.checkpoints import TopicPartition
from schemas.codec import decode_plain
from schemas.wire import BadRecord
from tests.fakes.projections import FakeLog, Record


def cut(log: FakeLog, moment: datetime) -> FakeLog:
    """Return the log with the records that were known by `moment`: known_at is the largest time so far."""
    kept = FakeLog(contracts=log.contracts, topic_id=log.topic_id)
    for where, records in log.records.items():
        kept.records[where] = [record for record, known_us in known(records) if known_us <= microseconds(moment)]
        kept.ends[where] = kept.records[where][-1].offset + 1 if kept.records[where] else 0
    return kept


def known(records: list[Record]) -> Iterator[tuple[Record, int]]:
    """Yield each record of a partition with its known_at."""
    largest = 0
    for record in records:
        largest = max(largest, record.appended_at_us)
        yield record, largest


@dataclass
class Seen:
    """What is known of one sensor."""

    readings: int = 0
    recorded: list[datetime] = field(default_factory=list)
    last: tuple[int, int, int] = (0, -1, -1)

    def take(self, recorded_at: datetime, place: tuple[int, int, int]) -> None:
        """Take in one reading."""
        self.readings += 1
        self.recorded.append(recorded_at)
        self.last = max(self.last, place)


@dataclass
class Fold:
    """The answers of some routes, folded by hand."""

    channels: Mapping[str, Sequence[str]]
    sensors: dict[tuple[str, str], Seen] = field(default_factory=lambda: defaultdict(Seen))
    verdicts: set[str] = field(default_factory=set)
    measured: Counter[tuple[str, str, int, datetime]] = field(default_factory=Counter)
    """Readings by machine, sensor, channel's place in its profile and minute of the device's clock."""
    scored: dict[tuple[str, datetime], list[float]] = field(default_factory=lambda: defaultdict(list))
    """Scores of verdicts by machine and minute of the device's clock."""
    versions: list[str] = field(default_factory=list)
    champions: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, log: FakeLog, profiles: Sequence[ProfileDefined]) -> "Fold":
        """Fold the whole log."""
        folded = cls(channels={profile.ref: profile.channel_names for profile in profiles})
        for where, records in log.records.items():
            for record, known_us in known(records):
                folded._take(log, where, record, known_us)
        return folded

    def _take(self, log: FakeLog, where: TopicPartition, record: Record, known_us: int) -> None:
        try:
            event, fields = decode_plain(record.value, log.contracts)
        except BadRecord:
            return
        position = Position(where.topic, where.partition, record.offset)
        match event.rpartition(".")[2]:
            case "SensorReadingRecorded":
                self._reading(fields, (known_us, where.partition, record.offset))
            case "AnomalyDetected":
                self.verdicts.add(str(position))
                self.scored[fields["machine_id"], _minute(fields)].append(fields["score"])
            case "ModelTrained":
                self.versions.insert(0, _version(fields["model"]))
            case "ModelPromoted":
                self.champions[fields["model"]["name"]] = _version(fields["model"])

    def _reading(self, fields: Mapping[str, Any], place: tuple[int, int, int]) -> None:
        recorded_at = fields["recorded_at"]
        self.sensors[fields["machine_id"], fields["sensor_id"]].take(recorded_at, place)
        for channel in fields["measurements"]:
            place_of_channel = self.channels[fields["profile"]].index(channel)
            self.measured[fields["machine_id"], fields["sensor_id"], place_of_channel, _minute(fields)] += 1

    def readings_of(self, machine_id: str, minute: datetime) -> int:
        """Return how many readings of a machine fall into a minute, as a swimlane counts them."""
        most: dict[str, int] = defaultdict(int)
        for (machine, sensor, _, at), count in self.measured.items():
            if (machine, at) == (machine_id, minute):
                most[sensor] = max(most[sensor], count)
        return sum(most.values())


def last_known_at(seen: Seen) -> datetime:
    """Return when the sensor's last reading was known."""
    return moment_of(seen.last[0])


def _minute(fields: Mapping[str, Any]) -> datetime:
    moment: datetime = fields["recorded_at"]
    return moment - timedelta(seconds=moment.second, microseconds=moment.microsecond)


def _version(model: Mapping[str, Any]) -> str:
    return f"{model['name']}/{model['version']}"
