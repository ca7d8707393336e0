"""Builders of model lines: versions, comparisons between them, promotions."""

from typing import Any

from domain.comparison import ComparisonNumbers, ModelsCompared
from domain.models import ModelPromoted, ModelRef, ModelTrained

QUIET: dict[str, Any] = {
    "readings": 100_000,
    "healthy_readings": 99_000,
    "changed_healthy_readings": 0,
    "champion_judged": 95_000,
    "challenger_judged": 95_000,
    "machine_days": 10.0,
    "champion_incidents": 0,
    "challenger_incidents": 0,
    "champion_unexplained_incidents": 0,
    "challenger_unexplained_incidents": 0,
    "labelled_faults": 4,
    "champion_found": 3,
    "challenger_found": 3,
    "lost_labelled_faults": 0,
}
"""Numbers of two models that say the same."""


def numbers(**said: Any) -> ComparisonNumbers:
    return ComparisonNumbers(**{**QUIET, **said})


def ref(version: int, *, name: str = "pump", profile: str | None = None) -> ModelRef:
    return ModelRef(profile=profile or f"{name}@1", name=name, version=version, artifact_sha256=f"{version:064x}")


def trained(version: int, *, name: str = "pump", profile: str | None = None) -> ModelTrained:
    return ModelTrained(
        model=ref(version, name=name, profile=profile),
        detectors=("isolation_forest",),
        manifest="{}",
        manifest_sha256="",
        rows=400,
        metrics={"threshold": 0.6},
        parameters={},
    )


def compared(
    champion: int | ModelRef, challenger: int | ModelRef, *, comparison_id: str = "found", **said: Any
) -> ModelsCompared:
    """Return a comparison inside every budget, but for the numbers said."""
    return ModelsCompared(
        comparison_id=comparison_id,
        champion=ref(champion) if isinstance(champion, int) else champion,
        challenger=ref(challenger) if isinstance(challenger, int) else challenger,
        source_topic="sensor-events",
        source_topic_id="an-id",
        ranges=(),
        recorded_from=None,
        recorded_before=None,
        numbers=numbers(**said),
        report="{}",
        report_sha256="",
        code_version="0.1.0",
        runtime="numba",
    )


def promoted(version: int, *, replaces: int | None = None, profile: str | None = None) -> ModelPromoted:
    return ModelPromoted(
        model=ref(version, profile=profile),
        replaces=None if replaces is None else ref(replaces),
        because="test",
        actor="ada",
        forced=False,
    )
