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
    last_known_us: int = 0
    newest: tuple[bool, datetime] | None = None
    newest_position: str = ""

    def take(self, recorded_at: datetime, known_us: int, position: Position) -> None:
        """Take in one reading: the newest is the latest by its own clock that is not ahead of the log's."""
        self.readings += 1
        self.recorded.append(recorded_at)
        self.last_known_us = max(self.last_known_us, known_us)
        rank = (recorded_at <= moment_of(known_us) + timedelta(minutes=5), recorded_at)
        if self.newest is None or rank > self.newest:
            self.newest, self.newest_position = rank, str(position)


@dataclass
class Fold:
    """The answers of some routes, folded by hand."""

    channels: Mapping[str, Sequence[str]]
    sensors: dict[tuple[str, str], Seen] = field(default_factory=lambda: defaultdict(Seen))
    verdicts: set[str] = field(default_factory=set)
    measured: Counter[tuple[str, datetime]] = field(default_factory=Counter)
    """Readings by machine and minute of the device's clock."""
    taken: set[tuple[int, str, str, datetime, str]] = field(default_factory=set)
    """Readings by partition, machine, sensor, time and id: one that comes again is not taken again."""
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
                self._reading(fields, known_us, position)
            case "AnomalyDetected":
                self.verdicts.add(str(position))
                self.scored[fields["machine_id"], _minute(fields)].append(fields["score"])
            case "ModelTrained":
                self.versions.insert(0, _version(fields["model"]))
            case "ModelPromoted":
                self.champions[fields["model"]["name"]] = _version(fields["model"])

    def _reading(self, fields: Mapping[str, Any], known_us: int, position: Position) -> None:
        machine_id, sensor_id, recorded_at = fields["machine_id"], fields["sensor_id"], fields["recorded_at"]
        identity = (position.partition, machine_id, sensor_id, recorded_at, str(fields["event_id"]))
        if identity in self.taken:
            return
        self.taken.add(identity)
        self.sensors[machine_id, sensor_id].take(recorded_at, known_us, position)
        self.measured[machine_id, _minute(fields)] += 1

    def readings_of(self, machine_id: str, minute: datetime) -> int:
        """Return how many readings of a machine fall into a minute, as a swimlane counts them."""
        return self.measured[machine_id, minute]


def last_known_at(seen: Seen) -> datetime:
    """Return when the sensor's last reading was known."""
    return moment_of(seen.last_known_us)


def _minute(fields: Mapping[str, Any]) -> datetime:
    moment: datetime = fields["recorded_at"]
    return moment - timedelta(seconds=moment.second, microseconds=moment.microsecond)


def _version(model: Mapping[str, Any]) -> str:
    return f"{model['name']}/{model['version']}"
