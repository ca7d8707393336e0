"""Parts of Avro schemas, put together as JSON."""

import json
from collections.abc import Mapping
from typing import Any, Final

JsonSchema = Any


def record(*fields: Mapping[str, Any], name: str = "Measured", **attributes: Any) -> JsonSchema:
    """Return a record of namespace telltale."""
    return {"type": "record", "namespace": "telltale", "name": name, "fields": list(fields), **attributes}


def field(name: str, kind: JsonSchema, **attributes: Any) -> dict[str, Any]:
    """Return a field of a record."""
    return {"name": name, "type": kind, **attributes}


def optional(name: str, kind: JsonSchema, **attributes: Any) -> dict[str, Any]:
    """Return a field that may be null and is null by default."""
    return field(name, ["null", kind], default=None, **attributes)


def enum(*symbols: str, **attributes: Any) -> JsonSchema:
    """Return an enum."""
    return {"type": "enum", "name": "Severity", "symbols": list(symbols), **attributes}


def fixed(size: int, name: str = "Digest") -> JsonSchema:
    """Return a type of so many bytes."""
    return {"type": "fixed", "name": name, "size": size}


def array(items: JsonSchema) -> JsonSchema:
    """Return an array."""
    return {"type": "array", "items": items}


def mapping(values: JsonSchema) -> JsonSchema:
    """Return a map."""
    return {"type": "map", "values": values}


def channel(*fields: Mapping[str, Any], name: str = "Channel", **attributes: Any) -> JsonSchema:
    """Return a record nested in another."""
    return {"type": "record", "name": name, "fields": list(fields), **attributes}


ID: Final = field("id", "string")


UNIT: Final = field("unit", "string")


def text_of(schema: JsonSchema) -> str:
    """Return a schema's JSON text."""
    return json.dumps(schema)
