import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.positions import Position
from infra.cli.log.record_text import json_of, line_of
from infra.kafka.meaning.decoded import DecodedRecord, Problem


def a_record(fields: dict[str, Any] | None = None, **attributes: Any) -> DecodedRecord:
    return DecodedRecord(
        **{
            "position": Position("sensor-events", 3, 180442),
            "appended_at": datetime(2026, 3, 9, 12, 0, 0, 250_000, tzinfo=UTC),
            "key": b"pump-07",
            "value": b"\0\0\0\0\7",
            "headers": (),
            "schema_id": 7,
            "event": "SensorReadingRecorded",
            "fields": fields or {},
            "problem": None,
            **attributes,
        }
    )


def test_a_line_begins_with_the_position() -> None:
    assert line_of(a_record({"sensor_id": "drive-end"})) == (
        'sensor-events/3/180442  2026-03-09T12:00:00.250Z  pump-07  SensorReadingRecorded {"sensor_id": "drive-end"}'
    )


def test_a_line_counts_what_is_long() -> None:
    line = line_of(a_record({"scores": [1.5] * 1000, "content": b"\1" * 5000, "manifest": "x" * 500}))
    assert "… 997 more" in line
    assert "0x0101010101010101… 5,000 bytes" in line
    assert "… 500 characters" in line


def test_json_keeps_everything_and_is_json_even_for_scores_that_are_none() -> None:
    reading_id = UUID("8d8ac610-566d-5ef0-9c22-186b2a5ed793")
    document = json_of(
        a_record({"event_id": reading_id, "scores": [float("nan"), *[1.5] * 20], "content": b"\1\2", "at": None})
    )
    fields = json.loads(json.dumps(document, allow_nan=False))["fields"]
    assert fields == {"event_id": str(reading_id), "scores": [None, *[1.5] * 20], "content": "AQI=", "at": None}


def test_a_record_that_can_not_be_read_says_why_and_what_is_stored() -> None:
    problem = Problem(error="not_avro", message="the value has 4 bytes")
    record = a_record(event=None, problem=problem, value=b"oops", schema_id=None)
    assert line_of(record).endswith("UNREADABLE not_avro: the value has 4 bytes; value 0x6f6f7073")
    assert json_of(record)["problem"] == {"error": "not_avro", "message": "the value has 4 bytes", "value": "b29wcw=="}


def test_a_key_that_is_no_text_is_shown_escaped() -> None:
    assert "\\xff" in line_of(a_record(key=b"\xff"))
