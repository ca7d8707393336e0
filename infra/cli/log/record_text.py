"""A decoded record as one line of text or as JSON."""

import base64
import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from infra.kafka.meaning.decoded import DecodedRecord

_LONG: Final = 8
"""Items of a list, and bytes, that a line shows before it only counts the rest."""

_LONG_TEXT: Final = 100
"""Characters of a text that a line shows."""


def line_of(record: DecodedRecord) -> str:
    """Return position, time, key, event and fields in one line; long lists and bytes are only counted."""
    parts = [str(record.position), _time(record.appended_at), _key(record.key) or "-"]
    if record.problem:
        parts.append(
            f"UNREADABLE {record.problem.error}: {record.problem.message}; value {_bytes(record.value or b'')}"
        )
    else:
        parts.append(f"{record.event} {json.dumps(_short(_plain(record.fields)), ensure_ascii=False)}")
    return "  ".join(parts)


def json_of(record: DecodedRecord) -> dict[str, Any]:
    """Return everything a record holds; bytes in base64, times in ISO 8601, a double that is no number as null."""
    return {
        "position": str(record.position),
        "appended_at": _time(record.appended_at),
        "key": _key(record.key),
        "headers": {name: _key(value) for name, value in record.headers},
        "schema_id": record.schema_id,
        "event": record.event,
        "fields": _json(_plain(record.fields)),
        "problem": None
        if record.problem is None
        else {
            "error": record.problem.error,
            "message": record.problem.message,
            "value": base64.b64encode(record.value or b"").decode(),
        },
    }


def _plain(value: Any) -> Any:
    """Return a value in JSON's types, bytes kept as they are."""
    match value:
        case Mapping():
            return {name: _plain(part) for name, part in value.items()}
        case datetime() | date():
            return _time(value) if isinstance(value, datetime) else value.isoformat()
        case bytes() | str() | bool() | int() | None:
            return value
        case float():
            return value if math.isfinite(value) else None
        case Sequence():
            return [_plain(part) for part in value]
        case _:
            return str(value)


def _short(value: Any) -> Any:
    match value:
        case dict():
            return {name: _short(part) for name, part in value.items()}
        case list() if len(value) > _LONG:
            return [*map(_short, value[:3]), f"… {len(value) - 3:,} more"]
        case list():
            return [*map(_short, value)]
        case bytes():
            return _bytes(value)
        case str() if len(value) > _LONG_TEXT:
            return f"{value[:_LONG_TEXT]}… {len(value):,} characters"
        case _:
            return value


def _json(value: Any) -> Any:
    match value:
        case dict():
            return {name: _json(part) for name, part in value.items()}
        case list():
            return [*map(_json, value)]
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return value


def _bytes(value: bytes) -> str:
    more = f"… {len(value):,} bytes" if len(value) > _LONG else ""
    return f"0x{value[:_LONG].hex()}{more}"


def _key(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="backslashreplace")


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
