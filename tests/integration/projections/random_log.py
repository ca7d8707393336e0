"""A log with everything that every read model reads, made from a seed."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import TypedDict
from uuid import UUID

from domain.anomalies import AnomalyDetected, severity_of, verdict_id
from domain.comparison import ComparedRange, budget_checks
from domain.contracts import SchemaPublished
from domain.dead_letters import DeadLetterDiscarded, DeadLettered, DeadLetterRedriven
from domain.incident_events import (
    IncidentAcknowledged,
    IncidentAssigned,
    IncidentCommented,
    IncidentEnded,
    IncidentEvent,
    IncidentExtended,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    incident_id,
)
from domain.models import ModelPromoted, ModelRef, ModelTrained
from domain.positions import Position
from domain.profiles import ProfileDefined
from domain.promotion import ModelEvent, PromotionRejected
from domain.readings import SensorReadingRecorded
from domain.scoring import FlaggedRanges, ModelInForce, ReadingsScored, ScoreColumn, ScoringModelChanged
from projections.checkpoints import TopicPartition
from tests.builders import NOON, a_profile, a_reading
from tests.comparisons import compared
from tests.fakes.projections import FakeLog

PROFILES = (
    a_profile("environment", channels=("temperature", "pressure", "vibration")),
    a_profile("pump", channels=("speed", "flow", "pressure", "current")),
    a_profile("pump", version=2, channels=("speed", "flow")),
)
MACHINES = tuple(f"machine-{number}" for number in range(9))


def random_log(seed: int, readings: int = 400) -> FakeLog:
    """Return a log of profiles, readings (some bad), verdicts, ledger records, model changes and models."""
    chance = Random(seed)
    log = FakeLog()
    for profile in (*PROFILES, PROFILES[1]):
        log.append(profile, topic="profile-events", key=profile.name)
    for number in range(readings):
        _append_reading(log, chance, number)
    for number in range(60):
        _append_verdicts(log, chance, number)
    for number in range(20):
        _append_model_event(log, chance, number)
    for number in range(30):
        _append_dead_letter(log, chance, number)
    for number in range(120):
        _append_incident_event(log, chance, number)
    for contract in list(log.contracts)[:5]:
        published = SchemaPublished(
            id=contract.id, subject=f"some-topic-{contract.subject}", version=1, text="{}", sha256=contract.sha256
        )
        log.append(published, topic="contracts")
    return log


def _append_reading(log: FakeLog, chance: Random, number: int) -> None:
    machine = chance.choice(MACHINES)
    partition = MACHINES.index(machine) % 8
    if chance.random() < 0.03:
        log.append(chance.choice([b"", b"nonsense", None]), partition=partition)
        return
    profile = chance.choice(PROFILES)
    values = {name: chance.uniform(-9, 9) for name in profile.channel_names if chance.random() < 0.9}
    reading = a_reading(
        chance.uniform(0, 900),
        machine_id=machine,
        sensor_id=chance.choice(["north", "south"]),
        profile=profile.ref,
        measurements=values or {profile.channel_names[0]: chance.choice([0.0, -0.0, 0.1])},
        anomaly_type=chance.choice([None, None, "spike"]),
    )
    # The log's clock steps back now and then, and so do those of devices; some readings come again, at any time later.
    log.append(reading, partition=partition, appended_s=number + chance.choice([0, 0, 0, -40, 25]))
    if chance.random() < 0.15:
        again = chance.choice(log.records[TopicPartition("sensor-events", partition)])
        key = None if again.key is None else again.key.decode()
        log.append(again.value, partition=partition, key=key, appended_s=number)
    if chance.random() < 0.1:
        log.append_marker("sensor-events", partition)


def _append_verdicts(log: FakeLog, chance: Random, number: int) -> None:
    partition = chance.randrange(8)
    model = _model("pump", 1 + number % 3)
    if chance.random() < 0.2:
        log.append(_model_change(partition, model, number), topic="anomaly-events", partition=partition)
    scores = tuple(chance.choice([math.nan, chance.uniform(0, 4)]) for _ in range(chance.randint(0, 6)))
    ledger = ReadingsScored(
        source_topic="sensor-events",
        source_partition=partition,
        from_offset=number * 10,
        next_offset=number * 10 + len(scores),
        columns=(ScoreColumn(detector="isolation_forest", scores=scores), ScoreColumn(detector="spike", scores=scores)),
        abnormal=tuple(number * 10 + place for place, score in enumerate(scores) if score > 1),
        flags=(FlaggedRanges(name="late", ranges=(number * 10, number * 10 + 1, number * 10 + 3, number * 10 + 4)),),
        models=(ModelInForce(profile="pump@1", model=str(model), artifact_sha256=model.artifact_sha256),),
        inputs={"model-events": number, "profile-events": 2},
    )
    log.append(ledger, topic="anomaly-events", partition=partition)
    for offset in ledger.abnormal:
        log.append(
            _verdict(Position("sensor-events", partition, offset), model, chance),
            topic="anomaly-events",
            partition=partition,
        )
    log.append_marker("anomaly-events", partition)


def _append_incident_event(log: FakeLog, chance: Random, number: int) -> None:
    """Append what the scorer or a person says of one of a few incidents, some of them never opened."""
    which = chance.randrange(12)
    machine, partition = MACHINES[which % len(MACHINES)], which % 8
    event = random_incident_event(chance, incident_id(Position("sensor-events", partition, which)), machine, number)
    log.append(event, topic="incident-events", partition=partition, appended_s=number + chance.choice([0, 0, -30]))
    if chance.random() < 0.1:
        log.append_marker("incident-events", partition)


def random_incident_event(chance: Random, incident: UUID, machine: str, number: int) -> IncidentEvent:
    about = Said(incident_id=incident, machine_id=machine)
    kinds = tuple(sorted({chance.choice(["spike", "shift", "drift"]) for _ in range(chance.randint(0, 2))}))
    seen = Seen(
        sensor_id="north",
        recorded_at=NOON + timedelta(seconds=number),
        reading_position=f"sensor-events/0/{number}",
        channels=tuple({chance.choice(["pressure", "flow"])}),
        score=chance.uniform(1, 5),
    )
    severity = chance.choice(["warning", "high", "critical"])
    actor = chance.choice(["anna", "bo"])
    made: list[Callable[[], IncidentEvent]] = [
        lambda: IncidentOpened(
            **about, **seen, kinds=kinds or ("spike",), severity=severity, model=_model("pump", 1), late=False
        ),
        lambda: IncidentExtended(**about, **seen, kinds=kinds, severity=chance.choice([None, severity])),
        lambda: IncidentEnded(**about, ended_at=NOON + timedelta(seconds=number)),
        lambda: IncidentAcknowledged(**about, actor=actor),
        lambda: IncidentAssigned(**about, assignee=chance.choice(["cy", "di"]), actor=actor),
        lambda: IncidentCommented(**about, text=f"comment {number}", actor=actor),
        lambda: IncidentResolved(**about, judgement="false_alarm", cause="", actor=actor),
        lambda: IncidentReopened(**about, because="again", actor=actor),
    ]
    return chance.choice(made)()


class Said(TypedDict):
    incident_id: UUID
    machine_id: str


class Seen(TypedDict):
    sensor_id: str
    recorded_at: datetime
    reading_position: str
    channels: tuple[str, ...]
    score: float


def _append_dead_letter(log: FakeLog, chance: Random, number: int) -> None:
    partition = chance.randrange(8)
    position = str(Position("sensor-events", partition, number))
    letter = DeadLettered(
        position=position,
        key=chance.choice([None, b"\xff"]),
        value=b"\x00nonsense",
        headers=(),
        error="undecodable",
        message="made up",
        stage="scorer",
    )
    log.append(letter, topic="dead-letters", partition=partition)
    if chance.random() < 0.4:
        log.append(DeadLetterDiscarded(position=position, because="test", actor="tester"), topic="skips")
    if chance.random() < 0.4:
        redriven_as = str(Position("sensor-events", 1, 1000 + number))
        log.append(
            DeadLetterRedriven(position=position, redriven_as=redriven_as, because="", actor="tester"), topic="skips"
        )


def _append_model_event(log: FakeLog, chance: Random, number: int) -> None:
    name = chance.choice(["pump", "environment"])
    model = _model(name, chance.randint(1, 5))
    trained = ModelTrained(
        model=model,
        detectors=("isolation_forest",),
        manifest=f'{{"run":{number}}}',
        manifest_sha256=f"{number:064x}",
        rows=number,
        metrics={"rows_per_s": 1.5, "undefined": math.nan},
        parameters={"trees": "100"},
    )
    promoted = ModelPromoted(
        model=model,
        replaces=chance.choice([None, _model(name, 1)]),
        because="test",
        actor="tester",
        forced=False,
        comparison_id=chance.choice([None, "found"]),
        rollback=chance.random() < 0.2,
    )
    found = replace(
        compared(_model(name, 1), model, machine_days=chance.choice([0.1, 2.5])),
        ranges=(ComparedRange(partition=1, from_offset=0, next_offset=number),),
        recorded_from=chance.choice([None, NOON]),
    )
    rejected = PromotionRejected(
        model=model,
        against=_model(name, 1),
        comparison_id=None,
        numbers=chance.choice([None, found.numbers]),
        checks=chance.choice([(), budget_checks(found.numbers)]),
        because="test",
        actor="tester",
    )
    choices: list[ModelEvent] = [trained, trained, promoted, promoted, found, rejected]
    said = chance.choice(choices)
    log.append(said, topic="model-events", key=name, appended_s=chance.uniform(0, 99))


def _verdict(position: Position, model: ModelRef, chance: Random) -> AnomalyDetected:
    reading: SensorReadingRecorded = a_reading(position.offset)
    score = chance.uniform(1.01, 5)
    return AnomalyDetected(
        event_id=verdict_id(position, model.artifact_sha256),
        reading_event_id=reading.event_id,
        reading_position=str(position),
        machine_id=chance.choice(MACHINES),
        sensor_id="north",
        recorded_at=NOON + timedelta(seconds=position.offset),
        kind="isolation_forest",
        kinds=("isolation_forest", "spike"),
        score=score,
        raw_score=score / 2,
        severity=severity_of(score),
        measurements=reading.measurements,
        expected={"temperature": 20.0},
        contribution={"temperature": 0.4, "pressure": math.nan},
        model=model,
    )


def _model_change(partition: int, model: ModelRef, number: int) -> ScoringModelChanged:
    return ScoringModelChanged(
        source_topic="sensor-events",
        source_topic_id="an-id",
        source_partition=partition,
        from_offset=number * 10,
        model=model,
        previous=None if number % 2 else _model("pump", 9),
        model_events_offset=number,
        threshold=math.nan if number % 3 else 0.6,
        parameters_sha256="ab",
        code_version="0.1.0",
        runtime="numpy",
        state="fresh",
    )


def _model(name: str, version: int) -> ModelRef:
    return ModelRef(profile=f"{name}@1", name=name, version=version, artifact_sha256=f"{name}-{version}")


def profiles_by_ref() -> dict[str, ProfileDefined]:
    """Return what the vocabulary needs to read a random log."""
    return {profile.ref: profile for profile in PROFILES}
