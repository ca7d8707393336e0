"""Events as rows that the database takes, whatever a foreign client wrote into their texts."""

import json

import pyarrow as pa

from projections.batch_rows import PlainEvent, event_rows
from projections.batch_table import Column


def test_nul_in_a_text_is_shown_by_its_sign_since_the_database_takes_it_in_none() -> None:
    fields = {"machine_id": "pump\0", "kinds": ["a\0", "b"], "model": {"name\0": ["\0"], "not": "\\u0000"}}
    event = PlainEvent(0, 0, 0, b"pump\0", "IncidentOpened", fields)
    columns = [
        Column("key", "text", pa.string()),
        Column("machine_id", "text", pa.string()),
        Column("kinds", "text[]", pa.list_(pa.string())),
        Column("model", "jsonb", pa.binary()),
    ]
    (row,) = event_rows("incident-events", 0, [event], columns).to_pylist()
    model = json.loads(row.pop("model")[1:])
    assert row == {"key": "pump␀", "machine_id": "pump␀", "kinds": ["a␀", "b"]}
    assert model == {"name␀": ["␀"], "not": "\\u0000"}
