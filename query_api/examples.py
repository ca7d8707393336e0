"""Examples in the OpenAPI description: one value per field name, put into every schema that has such a field."""

from collections.abc import Mapping
from typing import Any, Final

_NOW: Final = "2026-11-22T13:02:11Z"
_START: Final = "2026-11-22T12:02:11Z"
_SHA: Final = "4be1c7d0a6f3925e8b41d07f3c92e65a18fd4b7290ce3a5f61d8e4b70c2f9a13"
_MEASURED: Final = {"temperature": 58.1, "vibration": 6.8}

EXAMPLES: Final[Mapping[str, object]] = {
    "type": "about:blank",
    "title": "Not Found",
    "status": "ok",
    "detail": "No sensor drive-end on any machine. GET /sensors lists them.",
    "event_id": "9b1d6a54-51c7-5f6e-8d3b-0f4f1f7d2f10",
    "reading_event_id": "5e0c8a3e-7b0f-5a4e-9f27-6a0c1d9e4b52",
    "machine_id": "pump-07",
    "sensor_id": "drive-end",
    "profile": "pump@1",
    "profiles": ["pump@1"],
    "name": "pump",
    "version": 1,
    "unit": "mm/s",
    "role": "response",
    "state": "ok",
    "kind": "isolation_forest",
    "kinds": ["isolation_forest"],
    "severity": "critical",
    "score": 3.2,
    "raw_score": 0.81,
    "anomaly_score": 3.2,
    "worst_score": 3.2,
    "temperature": 58.1,
    "pressure": None,
    "vibration": 6.8,
    "measurements": _MEASURED,
    "last_measurements": _MEASURED,
    "expected": {"temperature": 57.9, "vibration": 2.4},
    "contribution": {"temperature": 0.0, "vibration": 0.21},
    "expected_low": 2.1,
    "expected_high": 2.9,
    "expected_interval_s": 1.0,
    "model": "pump/1",
    "model_name": "pump/1",
    "previous": None,
    "replaces": None,
    "artifact_sha256": _SHA,
    "manifest_sha256": _SHA,
    "sha256": _SHA,
    "manifest": '{"seed":20240229}',
    "detectors": ["isolation_forest"],
    "metrics": {"threshold": 0.62},
    "parameters": {"trees": "100"},
    "champion": True,
    "forced": False,
    "rollback": False,
    "comparison_id": "08262ab5-b3ac-5a4c-8f1e-10a3d225b039",
    "a": "pump/1",
    "b": "pump/2",
    "challenger": "pump/2",
    "against": "pump/1",
    "budget": "changed_healthy_share",
    "measured": 0.004,
    "limit": 0.02,
    "kept": True,
    "within_budgets": True,
    "recorded_from": None,
    "recorded_before": None,
    "report": {"form": 1, "decisions": {"readings": 28800, "agree": 28750, "gained": 38, "lost": 12}},
    "report_sha256": _SHA,
    "healthy_readings": 28000,
    "changed_healthy_readings": 12,
    "champion_judged": 27000,
    "challenger_judged": 27100,
    "machine_days": 0.33,
    "champion_incidents": 3,
    "challenger_incidents": 4,
    "champion_unexplained_incidents": 0,
    "challenger_unexplained_incidents": 0,
    "labelled_faults": 4,
    "champion_found": 3,
    "challenger_found": 4,
    "lost_labelled_faults": 0,
    "because": "first model",
    "actor": "ada",
    "source": "simulator",
    "schema_id": 4,
    "id": 4,
    "position": "anomaly-events/3/57",
    "reading_position": "sensor-events/3/28799",
    "last_position": "sensor-events/3/28799",
    "trained_position": "model-events/0/0",
    "scores_since": "sensor-events/3/14400",
    "times": [_START, "2026-11-22T12:03:11Z"],
    "buckets": [_START, "2026-11-22T12:03:11Z"],
    "counts": [60, 58],
    "minimum": 0.0,
    "maximum": 100.0,
    "mean": [2.4, 4.1],
    "scores": [0.6, 3.2],
    "severities": [None, "critical"],
    "by": "machine",
    "mode": "buckets",
    "bucket_s": 60,
    "lanes_in_all": 12,
    "machines": 12,
    "sensors": 4,
    "readings": 28800,
    "flagged": {"late": 12},
    "unjudged": 0,
    "oldest_unjudged_s": 0.0,
    "not_judged": [0, 3],
    "anomalies": [0, 9],
    "abnormal_since": _START,
    "rows": 14400,
    "subject": "sensor-events-telltale.SensorReadingRecorded",
    "event": "telltale.SensorReadingRecorded",
    "topic": "sensor-events",
    "read_model": "readings",
    "read_models": ["readings", "sensors"],
    "build": 2,
    "against_build": 1,
    "serving": True,
    "swapped_because": "rebuilt from the log and proven equal",
    "equal": False,
    "seconds": 0.9,
    "positions": {"sensor-events/0": 28800},
    "only_here": 0,
    "only_there": 0,
    "different": 1,
    "key": {"partition": "3", "offset": "180442"},
    "here": {"values": "{1.2,3.4}"},
    "there": {"values": "{1.2,3.5}"},
    "cause": None,
    "lag_offsets": 0,
    "lag_seconds": 0.3,
    "behind_s": 0.3,
    "rate_per_s": 40.0,
    "stopped": [],
    "partition": 3,
    "next_offset": 28800,
    "highest_next_offset": 28800,
    "first_offset": 0,
    "end_offset": 28800,
    "whole": True,
    "registry_answers": True,
    "holds": True,
    "ends": {"sensor-events/3": 28800},
    "records": 28799,
    "known": 0,
    "first": "sensor-events/3/0",
    "last": "sensor-events/3/28798",
    "unknown": [],
    "unreadable": [],
    "table": "series",
    "columns": ["series", "machine_id"],
    "next_cursor": None,
    "starts_at": _START,
    "data_starts_at": _START,
    "first_recorded_at": _START,
    "defined_at": _START,
    "published_at": _START,
    "trained_at": _START,
    "promoted_at": _START,
}
"""A name that ends in _at, _to or is a time, and is not here, gets a moment."""

OF_ONE_SCHEMA: Final[Mapping[tuple[str, str], object]] = {
    ("Problem", "status"): 404,
    ("JudgingAnswer", "state"): "judged",
    ("ChannelSummary", "name"): "vibration",
    ("ChannelSeries", "name"): "vibration",
    ("ChannelSeries", "minimum"): [2.1, 2.2],
    ("ChannelSeries", "maximum"): [2.9, 6.8],
    ("Lane", "readings"): [240, 232],
    ("Lane", "scores"): [None, 3.2],
    ("Reign", "ends_at"): None,
    ("ComparedOffsets", "from_offset"): 0,
    ("ComparisonMade", "champion"): "pump/1",
    ("Rejection", "model"): "pump/2",
    ("Rejection", "because"): "trained on the newest week",
    ("ReadModelRows", "rows"): [[-4611686018427387904, "pump-07"]],
    ("ProjectionStatus", "state"): "running",
    ("ProjectionStatus", "position"): None,
    ("ReadModelStatus", "state"): "running",
    ("ReadModelStatus", "position"): None,
    ("BuildStatus", "state"): "running",
    ("TableDifference", "buckets"): [17],
    ("TopicWatermarks", "kind"): "data",
    ("Contract", "position"): "contracts/0/3",
    ("UnreadableRecords", "error"): "not_avro",
    ("UnreadableRecords", "message"): "no magic byte",
    ("DeadLetter", "position"): "sensor-events/3/28741",
    ("DeadLetter", "error"): "not_admitted",
    ("DeadLetter", "message"): "vibration: 4500.0 is outside the plausible range 0 to 100",
    ("DeadLetter", "stage"): "scorer",
    ("DeadLetter", "state"): "open",
    ("DeadLetter", "redriven_as"): None,
    ("DeadLetter", "because"): None,
    ("VerdictCheck", "what"): "score",
    ("VerdictCheck", "equal"): True,
    ("VerdictCheck", "recorded"): "3.2041983771120002",
    ("VerdictCheck", "found"): "3.2041983771120002",
    ("Verification", "equal"): True,
    ("Verification", "same_runtime"): True,
    ("Verification", "because"): None,
    ("ModelDrift", "state"): "inside",
    ("ModelDrift", "because"): None,
    ("DriftSignal", "name"): "vibration",
    ("DriftSignal", "kind"): "channel",
    ("DriftSignal", "index"): 0.03,
    ("DriftSignal", "usual_up_to"): 0.14,
    ("DriftSignal", "enough"): True,
    ("DriftSignal", "outside"): False,
    ("ModelDrift", "sampled"): 28800,
    ("DeadLetter", "actor"): None,
    ("DeadLetter", "decided_at"): None,
    ("DeadLetter", "command"): "telltale dead-letters redrive sensor-events/3/28741",
}
"""Where a name means something else than elsewhere."""


def add_examples(description: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI description with an example for every field of ours."""
    for schema_name, schema in description["components"]["schemas"].items():
        for name, field in schema.get("properties", {}).items():
            example = OF_ONE_SCHEMA.get((schema_name, name), EXAMPLES.get(name, _NOW))
            known = name in EXAMPLES or (schema_name, name) in OF_ONE_SCHEMA
            if not _refers(field) and (known or _is_moment(field)):
                field["examples"] = [example]
    return description


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return the example of a schema, put together from those of its fields."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas)
    if "examples" in schema:
        return schema["examples"][0]
    if "properties" in schema:
        return {name: example_of(field, schemas) for name, field in schema["properties"].items()}
    if "items" in schema:
        return [example_of(schema["items"], schemas)]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas)
    return schema.get("enum", [schema.get("default")])[0]


def _refers(field: Mapping[str, Any]) -> bool:
    """Return whether a field holds other schemas of ours, which have their own examples."""
    if "$ref" in field:
        return True
    inner = [*field.get("anyOf", []), *([field["items"]] if "items" in field else [])]
    return any(_refers(part) for part in inner)


def _is_moment(field: Mapping[str, Any]) -> bool:
    kinds = [field, *field.get("anyOf", [])]
    return any(kind.get("format") == "date-time" for kind in kinds)
