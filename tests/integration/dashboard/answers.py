"""The invented plant as the real API's answers: built from its own models, so that the fake can't drift from it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from domain.anomalies import severity_of
from query_api.bodies.anomalies import Explanation, ModelLineage, ModelName, PromotionLineage, ReadingLineage, Verdict
from query_api.bodies.champions import ModelVersion
from query_api.bodies.common import Page
from query_api.bodies.machines import (
    ChannelSeries,
    ChannelSummary,
    LifeState,
    MachineSummary,
    ProfileSummary,
    ReadingSeries,
    SensorSummary,
)
from query_api.bodies.operations import Freshness, JudgingAnswer
from tests.integration.dashboard import plant
from tests.integration.dashboard.plant import HISTORY, STEP_S, Finding, Quantity

FOREST: Final = "isolation_forest"
NEW_MODEL_MINUTES: Final = 22.0


def page(items: Sequence[Any]) -> Page[Any]:
    return Page(items=list(items), next_cursor=None)


NOT_JUDGED: Final = JudgingAnswer(
    state="not_judged", unjudged=1200, oldest_unjudged_s=95.0, cause="scorer is stopped: LogNotReachable"
)


def freshness(now: datetime, *, behind_s: float, empty: bool, unjudged: bool = False) -> Freshness:
    return Freshness(
        now=now,
        complete_to=now - timedelta(seconds=behind_s),
        behind_s=behind_s,
        last_reading_known_at=None if empty else now - timedelta(seconds=behind_s + 0.1),
        machines=0 if empty else 12,
        sensors=0 if empty else 36,
        readings=0 if empty else 288_000,
        judging=NOT_JUDGED
        if unjudged
        else JudgingAnswer(state="judged", unjudged=0, oldest_unjudged_s=0.0, cause=None),
    )


def profiles(origin: datetime) -> list[ProfileSummary]:
    return [
        ProfileSummary(
            profile=f"{name}@1",
            name=name,
            version=1,
            channels=[
                ChannelSummary(name=one.name, unit=one.unit, role=one.role, minimum=-100, maximum=5000)
                for one in plant.channels_of(machines_[0])
            ],
            expected_interval_s=1.0,
            defined_at=origin - HISTORY,
        )
        for name, machines_ in plant.MACHINES.items()
    ]


def machines(now: datetime) -> list[MachineSummary]:
    return [
        MachineSummary(
            machine_id=machine,
            profiles=[f"{plant.profile_of(machine)}@1"],
            state=LifeState.OK,
            sensors=len(plant.sensors_of(machine)),
            readings=24_000,
            first_recorded_at=now - HISTORY,
            last_recorded_at=now,
            last_known_at=now,
        )
        for machine in plant.all_machines()
    ]


def sensors(machine: str, now: datetime) -> list[SensorSummary]:
    return [
        SensorSummary(
            machine_id=machine,
            sensor_id=sensor,
            profile=f"{plant.profile_of(machine)}@1",
            state=LifeState.OK,
            readings=7_200,
            first_recorded_at=now - HISTORY,
            last_recorded_at=now,
            last_known_at=now,
            last_measurements={one.name: one.usual for one in plant.channels_of(machine)},
            last_position="sensor-events/3/28799",
        )
        for sensor in (plant.sensors_of(machine) if machine in plant.all_machines() else ())
    ]


def series(
    machine: str, sensor: str, starts_at: datetime, ends_at: datetime, *, points: int, origin: datetime, last: datetime
) -> ReadingSeries:
    first = origin - HISTORY
    step_s = max(STEP_S, int((ends_at - starts_at).total_seconds() // points))
    begun = max(starts_at, first)
    places = range(int(max((min(ends_at, last) - begun).total_seconds(), 0) // step_s))
    times = [begun + timedelta(seconds=place * step_s) for place in places]
    heard = [not plant.silent(machine, at, origin) for at in times]

    def measured(one: Quantity) -> list[float | None]:
        pairs = zip(times, heard, strict=True)
        return [plant.value(machine, sensor, one, at, origin) if hears else None for at, hears in pairs]

    channels = [
        ChannelSeries(
            name=one.name,
            unit=one.unit,
            role=one.role,
            minimum=measured(one),
            mean=measured(one),
            maximum=measured(one),
            expected_low=one.usual - one.spread if one.role == "response" else None,
            expected_high=one.usual + one.spread if one.role == "response" else None,
        )
        for one in plant.channels_of(machine)
    ]
    return ReadingSeries(
        machine_id=machine,
        sensor_id=sensor,
        profile=f"{plant.profile_of(machine)}@1",
        profiles=[f"{plant.profile_of(machine)}@1"],
        starts_at=starts_at,
        ends_at=ends_at,
        mode="buckets",
        bucket_s=float(step_s),
        times=times,
        counts=[step_s if hears else 0 for hears in heard],
        channels=channels,
        scores=[
            plant.score(machine, sensor, at, origin) if hears else None for at, hears in zip(times, heard, strict=True)
        ],
        data_starts_at=first,
        data_ends_at=last,
    )


def verdicts(origin: datetime, last: datetime) -> list[Verdict]:
    found = [_verdict(finding, origin) for finding in plant.findings(origin, last)]
    return sorted(found, key=lambda verdict: verdict.recorded_at, reverse=True)


def _verdict(finding: Finding, origin: datetime) -> Verdict:
    fault = finding.fault
    channels = plant.channels_of(fault.machine)
    measured = {one.name: plant.value(fault.machine, fault.sensor, one, finding.at, origin) for one in channels}
    judged = [one for one in channels if one.role == "response" or fault.kind == FOREST]
    raw = finding.score * 0.55 if fault.kind == FOREST else finding.score
    parts: dict[str, float | None] = {one.name: (0.02 if fault.kind == FOREST else 0.35) for one in judged}
    largest = (finding.score - 0.82) * 0.55 if fault.kind == FOREST else finding.score
    return Verdict(
        event_id=finding.event_id,
        position=f"anomaly-events/3/{48210 + finding.place * 3}",
        reading_event_id=finding.event_id,
        reading_position=f"sensor-events/3/{180442 + finding.place}",
        machine_id=fault.machine,
        sensor_id=fault.sensor,
        recorded_at=finding.at,
        known_at=finding.at + timedelta(milliseconds=212),
        kind=fault.kind,
        kinds=[fault.kind],
        score=finding.score,
        raw_score=raw,
        severity=str(severity_of(finding.score)),
        measurements=measured,
        expected={one.name: one.usual for one in judged},
        contribution=parts | {fault.channel: largest},
        model=ModelName(**_model_name(fault.machine, finding.at, origin)),
    )


def _model_name(machine: str, at: datetime, origin: datetime) -> dict[str, str]:
    name = plant.profile_of(machine)
    version = 2 if name == "pump" and at >= origin - timedelta(minutes=NEW_MODEL_MINUTES) else 1
    model = f"{name}/{version}"
    return {"model": model, "profile": f"{name}@1", "artifact_sha256": sha256(model.encode()).hexdigest()}


def explanation(verdict: Verdict, origin: datetime) -> Explanation:
    trained_at = origin - timedelta(hours=2)
    return Explanation(
        verdict=verdict,
        reading=ReadingLineage(
            event_id=verdict.reading_event_id,
            position=verdict.reading_position,
            schema_id=None,
            recorded_at=verdict.recorded_at,
            known_at=verdict.known_at - timedelta(milliseconds=90),
            profile=verdict.model.profile,
            source="simulator",
            measurements=verdict.measurements,
        ),
        model=ModelLineage(
            **verdict.model.model_dump(),
            detectors=[verdict.kind],
            trained_at=trained_at,
            rows=14_400,
            manifest_sha256=sha256(b"manifest").hexdigest(),
            manifest="{}",
            trained_position="model-events/0/0",
            scores_since="sensor-events/3/171902",
        ),
        promotion=PromotionLineage(
            actor="A. Okafor",
            because="finds the bearing wear of 12 Nov",
            forced=False,
            promoted_at=origin - timedelta(minutes=NEW_MODEL_MINUTES),
            position="model-events/0/1",
        ),
    )


def verification(verdict: Verdict, *, equal: bool) -> dict[str, Any]:
    """Return what judging again gives: the same, or with a tampered artifact another score."""
    again = verdict.score if equal else verdict.score / 2
    sides = {
        "reading": ("5e0c8a3e", "5e0c8a3e"),
        "model's bytes": ("9f3c41", "9f3c41" if equal else "77aa02"),
        "score": (repr(verdict.score), repr(again)),
    }
    checks = [
        {"what": what, "equal": recorded == found, "recorded": recorded, "found": found}
        for what, (recorded, found) in sides.items()
    ]
    return {"equal": equal, "same_runtime": True, "checks": checks, "because": None}


def models(name: str, origin: datetime) -> list[ModelVersion]:
    channels = plant.channels_of(plant.MACHINES[name][0])
    bands: dict[str, float | None] = {f"expected_low.{one.name}": one.usual - one.spread for one in channels}
    bands |= {f"expected_high.{one.name}": one.usual + one.spread for one in channels}
    return [
        ModelVersion(
            model=f"{name}/{version}",
            name=name,
            version=version,
            profile=f"{name}@1",
            artifact_sha256=sha256(f"{name}/{version}".encode()).hexdigest(),
            detectors=[FOREST],
            rows=14_400,
            manifest_sha256=sha256(b"manifest").hexdigest(),
            metrics=bands | {"threshold": 0.55},
            parameters={"trees": "100"},
            trained_at=origin - timedelta(hours=2),
            position=f"model-events/0/{version}",
            champion=version == 2,
            promoted_at=origin - timedelta(minutes=NEW_MODEL_MINUTES),
        )
        for version in (2, 1)
    ]
