"""What the log itself says about exactly once: readings, ledger and verdicts held together, offset by offset."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from domain.anomalies import AnomalyDetected
from domain.readings import SensorReadingRecorded
from domain.scoring import Flag, ReadingsScored
from domain.topics import ANOMALY_EVENTS, SENSOR_EVENTS
from infra.kafka.client.clients import partitions_of
from infra.kafka.client.log_range import read_to_end
from infra.kafka.meaning.contracts import load_contracts
from schemas.codec import Event
from tests.guarantees.reading_back import event_or_none


@dataclass
class LogAccount:
    """Readings by position, the ledger's entries for them, and verdicts by the reading's position."""

    readings: dict[str, UUID] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    ledger: Counter[str] = field(default_factory=Counter)
    flags: dict[str, set[str]] = field(default_factory=dict)
    abnormal: list[str] = field(default_factory=list)
    verdicts: list[AnomalyDetected] = field(default_factory=list)

    def faults(self) -> list[str]:
        """Return what breaks a promise, in words; [] when all is well."""
        found = []
        everything = {*self.readings, *self.unreadable}
        for what, positions in (
            ("not in the ledger", everything - self.ledger.keys()),
            ("twice in the ledger", {position for position, times in self.ledger.items() if times > 1}),
            ("in the ledger and not in the log", self.ledger.keys() - everything),
        ):
            if positions:
                found.append(f"{len(positions)} records are {what}, such as {min(positions)}")
        if Counter(verdict.reading_position for verdict in self.verdicts) != Counter(self.abnormal):
            found.append(f"{len(self.abnormal)} readings are abnormal, but there are {len(self.verdicts)} verdicts")
        found += [
            f"the verdict on {verdict.reading_position} names another reading"
            for verdict in self.verdicts
            if self.readings.get(verdict.reading_position) != verdict.reading_event_id
        ]
        return found


def account(bootstrap: str) -> LogAccount:
    """Read the whole log, committed records only."""
    found = LogAccount()
    for position, event in _events(bootstrap, SENSOR_EVENTS):
        if isinstance(event, SensorReadingRecorded):
            found.readings[position] = event.event_id
        else:
            found.unreadable.append(position)
    for _, event in _events(bootstrap, ANOMALY_EVENTS):
        if isinstance(event, ReadingsScored):
            place = f"{event.source_topic}/{event.source_partition}"
            absent = set(_offsets(event, Flag.ABSENT))  # transaction markers hold offsets, but no record
            found.ledger.update(
                f"{place}/{offset}" for offset in range(event.from_offset, event.next_offset) if offset not in absent
            )
            found.abnormal += [f"{place}/{offset}" for offset in event.abnormal]
            for flag in event.flags:
                for offset in _offsets(event, flag.name):
                    found.flags.setdefault(f"{place}/{offset}", set()).add(flag.name)
        elif isinstance(event, AnomalyDetected):
            found.verdicts.append(event)
    return found


def is_scored_to_the_end(bootstrap: str) -> bool:
    """Return whether the ledger covers every record there is now."""
    last = dict.fromkeys(partitions_of(SENSOR_EVENTS), -1)
    for partition in last:  # the end itself may lie behind a transaction marker, which nobody reads
        for batch in read_to_end(bootstrap, SENSOR_EVENTS, partition):
            last[partition] = int(batch.offsets[-1])
    covered = dict.fromkeys(partitions_of(SENSOR_EVENTS), 0)
    for _, event in _events(bootstrap, ANOMALY_EVENTS):
        if isinstance(event, ReadingsScored):
            covered[event.source_partition] = max(covered[event.source_partition], event.next_offset)
    return all(covered[partition] > offset for partition, offset in last.items())


def _offsets(ledger: ReadingsScored, name: str) -> Iterator[int]:
    """Yield the offsets with one flag."""
    for flag in ledger.flags:
        if flag.name == name:
            for first, after in zip(flag.ranges[::2], flag.ranges[1::2], strict=True):
                yield from range(first, after)


def _events(bootstrap: str, topic: str) -> Iterator[tuple[str, Event | None]]:
    """Yield position and event of everything committed; None for what is no event."""
    contracts = load_contracts(bootstrap)
    for partition in partitions_of(topic):
        for batch in read_to_end(bootstrap, topic, partition):
            for offset, value in zip(batch.offsets.tolist(), batch.values, strict=True):
                event = event_or_none(value, contracts)
                yield f"{topic}/{partition}/{offset}", event
