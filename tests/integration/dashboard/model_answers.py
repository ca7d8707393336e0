"""Lines of models as the real API answers: who was champion, what was compared and refused."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import numpy as np

from commands.event_log import Record
from domain.comparison import ComparisonNumbers, budget_checks, within_budgets
from domain.models import ModelPromoted
from domain.promotion import PromotionRejected
from query_api.bodies.champions import ModelVersion, Reign, Timeline
from query_api.bodies.comparisons import (
    BudgetKept,
    ComparedOffsets,
    ComparisonMade,
    ModelsDiff,
    Rejection,
)

DAY: Final = timedelta(days=1)
REIGNS: Final[dict[str, tuple[tuple[int, timedelta, str, str], ...]]] = {
    "pump": (
        (1, 13 * DAY, "M. Lindqvist", "first with drift"),
        (2, timedelta(minutes=22), "A. Okafor", "finds the bearing wear of 12 Nov"),
    ),
    "fan": (
        (1, 13 * DAY, "M. Lindqvist", "first"),
        (2, 8 * DAY, "A. Okafor", "quieter at night"),
        (3, 4 * DAY + timedelta(hours=2), "A. Okafor", "two false alarms fewer"),
    ),
    "compressor": ((1, 13 * DAY, "M. Lindqvist", "first"), (2, 6 * DAY, "M. Lindqvist", "trained on a hot day")),
    "environment": ((7, 31 * DAY, "M. Lindqvist", "first with drift"),),
}
"""Version, age, by whom and why."""

NUMBERS: Final = ComparisonNumbers(
    readings=43_200,
    healthy_readings=41_000,
    changed_healthy_readings=310,
    champion_judged=42_900,
    challenger_judged=42_880,
    machine_days=0.5,
    champion_incidents=11,
    challenger_incidents=11,
    champion_unexplained_incidents=2,
    challenger_unexplained_incidents=1,
    labelled_faults=11,
    champion_found=9,
    challenger_found=10,
    lost_labelled_faults=0,
)
COMPARED_AGO: Final = timedelta(minutes=40)


def versions(origin: datetime) -> list[ModelVersion]:
    """Return every version, newest first; pump/3 was never promoted."""
    numbers = [(name, number, age) for name, some in REIGNS.items() for number, age, _, _ in some]
    trained = [_version(name, number, origin - age - timedelta(minutes=30)) for name, number, age in numbers]
    trained.append(_version("pump", 3, origin - timedelta(minutes=50)))
    return sorted(trained, key=lambda one: one.trained_at, reverse=True)


def _version(name: str, number: int, trained_at: datetime) -> ModelVersion:
    return ModelVersion(
        model=f"{name}/{number}",
        name=name,
        version=number,
        profile=f"{name}@1",
        artifact_sha256=sha256(f"{name}/{number}".encode()).hexdigest(),
        detectors=["spike", "shift", "noise", "drift", "stuck"],
        rows=14_400,
        manifest_sha256=sha256(b"manifest").hexdigest(),
        metrics={},
        parameters={},
        trained_at=trained_at,
        position=f"model-events/0/{number}",
        champion=number == REIGNS[name][-1][0],
        promoted_at=None,
    )


def timeline(name: str, origin: datetime, as_of: datetime | None, appended: Sequence[Record[Any]] = ()) -> Timeline:
    """Return a line; of pump one promotion was refused. `appended`: what was decided on the pumps since."""
    known = [one for one in REIGNS[name] if as_of is None or origin - one[1] <= as_of]
    starts = [origin - age for _, age, _, _ in known]
    reigns = [
        Reign(
            model=f"{name}/{number}",
            profile=f"{name}@1",
            artifact_sha256="",
            starts_at=origin - age,
            ends_at=starts[place + 1] if place + 1 < len(starts) else None,
            replaces=f"{name}/{known[place - 1][0]}" if place else None,
            because=because,
            actor=actor,
            forced=name == "fan" and number == 2,
            comparison_id="c-1" if place else None,
            rollback=False,
            position=f"model-events/0/{43 + place}",  # where the command service has them
            scoring=[],
        )
        for place, (number, age, actor, because) in enumerate(known)
    ]
    compared = diff("pump/1", "pump/3", origin)
    assert compared
    made = ComparisonMade(
        comparison_id="c-2",
        champion="pump/1",
        challenger="pump/3",
        within_budgets=compared.within_budgets,
        readings=NUMBERS.readings,
        compared_at=compared.compared_at,
        position=compared.position,
    )
    refused = Rejection(
        model="pump/2",
        against="pump/1",
        comparison_id="c-1",
        checks=_checks(changed_healthy_readings=1_270, lost_labelled_faults=1),
        because="it is newer",
        actor="A. Okafor",
        rejected_at=origin - timedelta(hours=2),
        position="model-events/0/9",
    )

    def told(at: datetime) -> bool:
        return name == "pump" and (as_of is None or at <= as_of)

    rejections = [refused] if told(refused.rejected_at) else []
    for record in appended if name == "pump" else ():
        if not told(record.appended_at):
            continue
        if isinstance(record.event, ModelPromoted):
            reigns[-1] = reigns[-1].model_copy(update={"ends_at": record.appended_at})
            reigns.append(_reign(record, record.event))
        elif isinstance(record.event, PromotionRejected):
            rejections.append(_rejection(record, record.event))
    return Timeline(
        name=name, reigns=reigns, comparisons=[made] if told(made.compared_at) else [], rejections=rejections
    )


def _reign(record: Record[Any], promoted: ModelPromoted) -> Reign:
    return Reign(
        model=str(promoted.model),
        profile=promoted.model.profile,
        artifact_sha256="",
        starts_at=record.appended_at,
        ends_at=None,
        replaces=str(promoted.replaces),
        because=promoted.because,
        actor=promoted.actor,
        forced=promoted.forced,
        comparison_id=promoted.comparison_id,
        rollback=promoted.rollback,
        position=str(record.position),
        scoring=[],
    )


def _rejection(record: Record[Any], rejected: PromotionRejected) -> Rejection:
    return Rejection(
        model=str(rejected.model),
        against=str(rejected.against),
        comparison_id=rejected.comparison_id,
        checks=[BudgetKept(**asdict(check)) for check in rejected.checks],
        because=rejected.because,
        actor=rejected.actor,
        rejected_at=record.appended_at,
        position=str(record.position),
    )


def _checks(**said: Any) -> list[BudgetKept]:
    numbers = ComparisonNumbers(**{**asdict(NUMBERS), **said})
    return [BudgetKept(**asdict(check)) for check in budget_checks(numbers)]


def diff(a: str, b: str, origin: datetime) -> ModelsDiff | None:
    """Return the comparisons that were made: pump/3 inside the budgets, pump/2 outside."""
    if (a, b) not in {("pump/1", "pump/3"), ("pump/1", "pump/2"), ("pump/2", "pump/3")}:
        return None
    said = {"changed_healthy_readings": 1_270} if b == "pump/2" else {}
    numbers = ComparisonNumbers(**{**asdict(NUMBERS), **said})
    return ModelsDiff(
        comparison_id="c-2",
        a=a,
        b=b,
        profile="pump@1",
        ranges=[ComparedOffsets(partition=3, from_offset=0, next_offset=43_200)],
        recorded_from=origin - timedelta(hours=3),
        recorded_before=origin,
        numbers=numbers,
        checks=_checks(**said),
        within_budgets=within_budgets(budget_checks(numbers)),
        report=_report(origin),
        report_sha256="",
        compared_at=origin - (COMPARED_AGO if b == "pump/3" else timedelta(hours=2, minutes=5)),
        position="model-events/0/31",
    )


def _report(origin: datetime) -> dict[str, Any]:
    faults = [("spike", True, True)] * 4 + [("shift", True, True)] * 2 + [("shift", False, True)]
    faults += [("drift", False, False), ("stuck", True, True), ("noise", True, True), ("noise", True, True)]
    decided = {"readings": 43_200, "agree": 42_700, "gained": 360, "lost": 140}
    flip = {
        "position": "sensor-events/3/40123",
        "machine_id": "pump-07",
        "sensor_id": "drive-end",
        "recorded_at": (origin - timedelta(minutes=20)).isoformat(),
        "champion_score": 0.81,
        "challenger_score": 3.62,
        "kind": "shift",
        "label": "bearing",
    }
    lost = flip | {"champion_score": 1.94, "challenger_score": None, "kind": "spike", "label": "healthy"}
    return {
        "form": 2,
        "decisions": decided,
        "healthy": decided,
        "trained_on": {"champion": 0, "challenger": 3_600},
        "machines": {"named": {}, "others": None},
        "kinds": {
            "shift": {"champion": 410, "challenger": 690, "gained": 300, "lost": 20},
            "spike": {"champion": 180, "challenger": 120, "gained": 60, "lost": 120},
        },
        "labels": {"bearing": decided},
        "incidents_opened_by": {
            "champion": {"shift": 6, "spike": 4, "shift+spike": 1},
            "challenger": {"shift": 7, "spike": 3, "shift+spike": 1},
        },
        "faults": {
            "named": [
                {
                    "machine_id": f"pump-0{5 + place % 4}",
                    "label": label,
                    "began_at": origin.isoformat(),
                    "last_at": origin.isoformat(),
                    "champion_found": found,
                    "champion_delay_s": 4.0 + 9 * place if found else None,
                    "challenger_found": for_b,
                    "challenger_delay_s": 3.0 + 7 * place if for_b else None,
                }
                for place, (label, found, for_b) in enumerate(faults)
            ],
            "others": 0,
        },
        "flips": {"gained": [flip], "lost": [lost]},
        "scores": _scores(),
    }


def _scores() -> dict[str, Any]:
    chance = np.random.default_rng(5)

    def around(a: float, b: float, spread: float, count: int) -> list[list[float]]:
        common = chance.normal(0, spread, count)
        return [
            [float(a * np.exp(both + chance.normal(0, 0.25))), float(b * np.exp(both + chance.normal(0, 0.25)))]
            for both in common
        ]

    return {
        "fault": {"readings": 1_910, "sample": around(1.2, 2.4, 0.45, 60)},
        "false_alarm": {"readings": 96, "sample": around(1.15, 0.8, 0.15, 22)},
        "unlabelled_alarm": {"readings": 0, "sample": []},
        "ordinary": {"readings": 41_194, "sample": around(0.35, 0.36, 0.35, 150)},
    }
