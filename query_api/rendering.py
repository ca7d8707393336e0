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
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")

CSV: Final = "text/csv; charset=utf-8"


def as_json(body: object) -> bytes:
    """Return the body as JSON; a number that is none is null."""
    return to_json(body, inf_nan_mode="null")


def entity_tag(content: bytes) -> str:
    """Return the ETag of a body: equal for equal bytes."""
    return f'"{blake2b(content, digest_size=12).hexdigest()}"'


def as_csv(items: Iterable[object]) -> bytes:
    """Return items as CSV with a header; maps become columns such as measurements.vibration, lists JSON texts."""
    rows = [_flat(to_jsonable_python(item, inf_nan_mode="constants")) for item in items]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    heads = {column: harmless(column) for column in columns}
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return text.getvalue().encode()


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: a ' goes before it where it begins like one."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _flat(item: Mapping[str, object]) -> dict[str, Cell]:
    row: dict[str, Cell] = {}
    for name, value in item.items():
        match value:
            case dict():
                row.update({f"{name}.{inner}": cell for inner, cell in _flat(value).items()})
            case list():
                row[name] = json.dumps(value)
            case str():
                row[name] = harmless(value)
            case int() | float() | None:
                row[name] = value
            case _:
                row[name] = str(value)
    return row
