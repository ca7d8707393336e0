"""A small plant in a log: two machines, a model that judges from the second minute, one fault."""

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from domain.anomalies import AnomalyDetected, severity_of, verdict_id
from domain.contracts import SchemaPublished
from domain.models import ModelPromoted, ModelRef, ModelTrained
from domain.positions import Position
from domain.scoring import FlaggedRanges, ModelInForce, ReadingsScored, ScoreColumn, ScoringModelChanged
from tests.builders import NOON, a_profile, a_reading
from tests.fakes.projections import FakeLog

SECONDS: Final = 180
FAULT: Final = range(150, 160)
"""Seconds after NOON in which hall-a's north shakes."""

TRAINED_FROM: Final = 60
"""Second from which the model judges."""

MODEL: Final = ModelRef(profile="environment@1", name="environment", version=1, artifact_sha256="ab" * 32)
PARTITIONS: Final = {"hall-a": 2, "hall-b": 5}
PROFILE: Final = a_profile()


Clock = Callable[[float], float]
"""From seconds after NOON to what the log's clock shows then."""


def a_plant(clock: Clock = float) -> FakeLog:
    """Return the log; each reading is appended half a second after it was taken, by the log's clock."""
    log = FakeLog()
    for schema in log.contracts:
        published = SchemaPublished(
            id=schema.id,
            subject=f"sensor-events-{schema.subject}",
            version=1,
            text=schema.text,
            sha256=schema.sha256,
        )
        log.append(published, topic="contracts", key=schema.subject, appended_s=0)
    log.append(PROFILE, topic="profile-events", key="environment", appended_s=0)
    _append_model(log)
    for machine, partition in PARTITIONS.items():
        _append_history(log, machine, partition, clock)
    return log


def _append_model(log: FakeLog) -> None:
    trained = ModelTrained(
        model=MODEL,
        detectors=("isolation_forest",),
        manifest='{"seed":1}',
        manifest_sha256="cd" * 32,
        rows=120,
        metrics={"threshold": 0.6, "expected_low.vibration": 1.9, "expected_high.vibration": 2.4, "odd": math.nan},
        parameters={"trees": "100"},
    )
    promoted = ModelPromoted(model=MODEL, replaces=None, because="first model", actor="ada", forced=False)
    log.append(trained, topic="model-events", key="environment", appended_s=TRAINED_FROM - 2)
    log.append(promoted, topic="model-events", key="environment", appended_s=TRAINED_FROM - 1)


def _append_history(log: FakeLog, machine: str, partition: int, clock: Clock) -> None:
    for second in range(SECONDS):
        shaking = machine == "hall-a" and second in FAULT
        values = {"temperature": 20 + second / 100, "pressure": 101.3, "vibration": 6.8 if shaking else 2.1}
        reading = a_reading(second, machine_id=machine, measurements=values)
        log.append(reading, partition=partition, appended_s=clock(second + 0.5))
        if machine == "hall-b" and second == 0:
            log.append(
                a_reading(0, machine_id=machine, sensor_id="south", measurements={"pressure": 99.0}),
                partition=partition,
                appended_s=0.6,
            )
        if second == TRAINED_FROM:
            log.append(
                _change(partition, second), topic="anomaly-events", partition=partition, appended_s=clock(second + 0.6)
            )
        if second >= TRAINED_FROM:
            _append_scores(log, machine, partition, second, clock=clock, shaking=shaking)


def _append_scores(log: FakeLog, machine: str, partition: int, second: int, *, clock: Clock, shaking: bool) -> None:
    offset = log.ends[next(at for at in log.ends if (at.topic, at.partition) == ("sensor-events", partition))] - 1
    score = 3.2 if shaking else 0.5
    ledger = ReadingsScored(
        source_topic="sensor-events",
        source_partition=partition,
        from_offset=offset,
        next_offset=offset + 1,
        columns=(ScoreColumn(detector="isolation_forest", scores=(score,)),),
        abnormal=(offset,) if shaking else (),
        flags=(FlaggedRanges(name="late", ranges=(offset, offset + 1)),) if second == TRAINED_FROM else (),
        models=(ModelInForce(profile="environment@1", model=str(MODEL), artifact_sha256=MODEL.artifact_sha256),),
        inputs={"model-events": 2},
    )
    log.append(ledger, topic="anomaly-events", partition=partition, appended_s=clock(second + 0.6))
    if shaking:
        verdict = a_verdict(machine, Position("sensor-events", partition, offset), second, score)
        log.append(verdict, topic="anomaly-events", partition=partition, appended_s=clock(second + 0.6))


def a_verdict(machine: str, position: Position, second: int, score: float = 3.2) -> AnomalyDetected:
    """Return the verdict on the reading at `position`."""
    values = {"temperature": 20 + second / 100, "pressure": 101.3, "vibration": 6.8}
    return AnomalyDetected(
        event_id=verdict_id(position, MODEL.artifact_sha256),
        reading_event_id=a_reading(second, machine_id=machine, measurements=values).event_id,
        reading_position=str(position),
        machine_id=machine,
        sensor_id="north",
        recorded_at=NOON + timedelta(seconds=second),
        kind="isolation_forest",
        kinds=("isolation_forest",),
        score=score,
        raw_score=0.8,
        severity=severity_of(score),
        measurements=values,
        expected={"temperature": 21.0, "pressure": 101.3, "vibration": 2.1},
        contribution={"temperature": 0.0, "pressure": math.nan, "vibration": 0.3},
        model=MODEL,
    )


def _change(partition: int, second: int) -> ScoringModelChanged:
    return ScoringModelChanged(
        source_topic="sensor-events",
        source_topic_id="an-id",
        source_partition=partition,
        from_offset=second if partition == PARTITIONS["hall-a"] else second + 1,
        model=MODEL,
        previous=None,
        model_events_offset=1,
        threshold=0.6,
        parameters_sha256="ef" * 32,
        code_version="0.1.0",
        runtime="numba",
        state="fresh",
    )
