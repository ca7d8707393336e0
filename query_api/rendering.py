"""Bodies as bytes: JSON, or CSV for lists."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final

from pydantic_core import to_json, to_jsonable_python

Cell = str | int | float | bool | None

JSON: Final = "application/json"
CSV: Final = "text/csv; charset=utf-8"


def as_json(body: object) -> bytes:
    """Return the body as JSON; a number that is none is null."""
    return to_json(body, inf_nan_mode="null")


def entity_tag(content: bytes) -> str:
    """Return the ETag of a body: equal for equal bytes."""
    return f'"{blake2b(content, digest_size=12).hexdigest()}"'


def is_known(tag: str, if_none_match: str) -> bool:
    """Return whether a body's ETag is among those that If-None-Match names; weak ones and `*` count (RFC 9110)."""
    named = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return "*" in named or tag.removeprefix("W/") in named


def prefers_csv(accept: str) -> bool:
    """Return whether an Accept header wants CSV more than JSON; JSON when it wants both alike."""
    wanted = dict(_media_range(part) for part in accept.split(",") if part.strip())
    anything = wanted.get("*/*", 0.0)
    json_wanted = wanted.get("application/json", wanted.get("application/*", anything))
    return wanted.get("text/csv", wanted.get("text/*", anything)) > json_wanted


def _media_range(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip() for piece in part.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            try:
                return name.lower(), float(value)
            except ValueError:
                return name.lower(), 0.0
    return name.lower(), 1.0


def as_csv(items: Iterable[object]) -> bytes:
    """Return items as CSV with a header; maps become columns such as measurements.vibration, lists JSON texts."""
    rows = [_flat(to_jsonable_python(item, inf_nan_mode="constants")) for item in items]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _flat(item: Mapping[str, object]) -> dict[str, Cell]:
    row: dict[str, Cell] = {}
    for name, value in item.items():
        match value:
            case dict():
                row.update({f"{name}.{inner}": cell for inner, cell in _flat(value).items()})
            case list():
                row[name] = json.dumps(value)
            case str():
                row[name] = _harmless(value)
            case int() | float() | None:
                row[name] = value
            case _:
                row[name] = str(value)
    return row


def _harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: a leading apostrophe makes it a text (OWASP)."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
