"""A verdict's lineage and its checks, as people read them and as JSON."""

import json
from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from domain.models import ModelPromoted, ModelTrained
from infra.cli.output import print_table, say, times
from ml.lineage.lineage import Lineage
from ml.lineage.verify import Verification

WORDS: Mapping[bool | None, str] = {True: "equal", False: "DIFFERS", None: "not checked"}


def show(lineage: Lineage, verification: Verification | None) -> None:
    """Print the way back, then the checks."""
    event = lineage.verdict.event
    rows = [
        ("verdict", str(lineage.verdict.position), f"{event.kind} {times(event.score)} × threshold ({event.severity})"),
        ("", "", f"{event.machine_id} / {event.sensor_id} at {event.recorded_at.isoformat()}"),
        ("reading", event.reading_position, _reading(lineage)),
    ]
    rows += _model(lineage)
    if lineage.promotion is not None and isinstance(lineage.promotion.event, ModelPromoted):
        promoted = lineage.promotion.event
        when = lineage.promotion.appended_at.isoformat(timespec="seconds")
        rows.append(("promoted", str(lineage.promotion.position), f"{when} by {promoted.actor}: {promoted.because}"))
    print_table(("what", "where in the log", "says"), rows)
    if verification is None:
        return
    say("")
    print_table(
        ("check", "answer", "recorded", "found"),
        [(check.what, WORDS[check.equal], check.recorded, check.found) for check in verification.checks],
    )
    again = verification.judged_again
    if again is not None:
        say(
            f"judged again by {escape(again.runtime)} from the state at offset {again.snapshot_at:,}: {again.folded:,} "
            f"offsets folded, {again.changes} changes of model"
        )
    say("[green]equal[/]" if verification.equal else "[red]DIFFERS[/]")


def as_json(lineage: Lineage, verification: Verification | None) -> dict[str, Any]:
    """Return what `--json` prints."""
    promotion, trained = lineage.promotion, lineage.trained
    return {
        "verdict": {"position": str(lineage.verdict.position), "event": lineage.verdict.event},
        "reading": {
            "position": lineage.verdict.event.reading_position,
            "schema_id": lineage.schema_id,
            "event": lineage.reading,
        },
        "model": None
        if trained is None
        else {"position": str(trained.position), "trained_at": trained.appended_at, "event": trained.event},
        "promotion": None
        if promotion is None
        else {"position": str(promotion.position), "promoted_at": promotion.appended_at, "event": promotion.event},
        "verification": None
        if verification is None
        else {
            "equal": verification.equal,
            "same_runtime": verification.same_runtime,
            "checks": verification.checks,
            "judged_again": verification.judged_again,
        },
    }


def _reading(lineage: Lineage) -> str:
    if lineage.reading is None:
        return "not there, or not readable"
    values = ", ".join(f"{channel} {value:g}" for channel, value in lineage.reading.measurements.items())
    return f"schema id {lineage.schema_id}; {values}"


def _model(lineage: Lineage) -> list[tuple[str, str, str]]:
    model = lineage.verdict.event.model
    name = f"{model}, sha256 {model.artifact_sha256}"
    trained = lineage.trained
    if trained is None or not isinstance(trained.event, ModelTrained):
        return [("model", "", f"{name}: no ModelTrained in the log")]
    rows = [("model", str(trained.position), name)]
    rows.append(("manifest", "", f"{trained.event.rows:,} rows, sha256 {trained.event.manifest_sha256}"))
    try:
        ranges = json.loads(trained.event.manifest)["selection"]["ranges"]
        words = ", ".join(f"{one['partition']}/{one['from_offset']}–{one['next_offset']}" for one in ranges)
    except (ValueError, KeyError, TypeError):
        return rows
    return [*rows, ("", "", f"trained on sensor-events/{words}")]
