"""An Avro schema as a tree in which every name is a full name: what comparing and checking schemas work on."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import fastavro
from fastavro.schema import SchemaParseException, UnknownType

Node = Any
"""A schema in JSON: a name, a list (a union) or an object; after `ParsedSchema.expand` never a defined name."""

_FOR_PEOPLE: Final = frozenset({"doc", "aliases"})
_FASTAVRO: Final = "__"
"""Start of the attributes that the parser adds for itself."""

PRIMITIVES: Final = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})


class InvalidSchema(ValueError):
    """The text is no Avro schema."""


@cache
def machine_form(text: str) -> str:
    """Return what a schema says to machines: full names, no docs, no aliases, one fixed layout.

    The registry takes texts of one form for one version, answers with the id of the first, and gives texts back
    written in its own way: so the form, not the text, decides whether two schemas are the same. Bytes written with
    one of them are read with any of them.

    Raises:
        InvalidSchema: it is no Avro schema.
    """
    return json.dumps(_for_machines(ParsedSchema(text).top), sort_keys=True, separators=(",", ":"))


def _for_machines(node: Any) -> Any:
    if isinstance(node, dict):
        kept = {
            name: value if name == "default" else _for_machines(value)
            for name, value in node.items()
            if name not in _FOR_PEOPLE and not name.startswith(_FASTAVRO)
        }
        return kept["type"] if kept.keys() == {"type"} else kept
    return [_for_machines(part) for part in node] if isinstance(node, list) else node


class ParsedSchema:
    """A valid schema and the types it defines by name."""

    def __init__(self, text: str) -> None:
        """Parse a schema's JSON text.

        Raises:
            InvalidSchema: it is no Avro schema, or a field's default is not of the field's type.
        """
        self._named: dict[str, Node] = {}
        try:
            self.top: Node = fastavro.parse_schema(json.loads(text), named_schemas=self._named)
        except (SchemaParseException, UnknownType, ValueError, KeyError, TypeError, RecursionError) as error:
            raise InvalidSchema(f"no Avro schema: {error}") from error
        for name, node in self._named.items():
            self._check_fields(name, node)

    def expand(self, node: Node) -> Node:
        """Return the definition of a node: {"type": …}, or a list for a union."""
        if isinstance(node, str):
            return {"type": node} if node in PRIMITIVES else self._named[node]
        if isinstance(node, Mapping) and not isinstance(node["type"], str):
            return self.expand(node["type"])
        return node

    def kind(self, node: Node) -> str:
        """Return a node's Avro type: a primitive's, record, enum, fixed, array, map or union."""
        expanded = self.expand(node)
        return "union" if isinstance(expanded, list) else str(expanded["type"])

    def describe(self, node: Node) -> str:
        """Return a node as a sentence needs it, such as "null or string"."""
        expanded = self.expand(node)
        if isinstance(expanded, list):
            return " or ".join(map(self.describe, expanded))
        match expanded["type"]:
            case "array":
                return f"array of {self.describe(expanded['items'])}"
            case "map":
                return f"map of {self.describe(expanded['values'])}"
            case "record" | "enum" | "fixed" as kind:
                return f"{kind} {expanded['name']}"
            case primitive:
                return str(primitive)

    def _check_fields(self, name: str, node: Node) -> None:
        fields = node.get("fields", ())
        names = [field["name"] for field in fields]
        if twice := sorted({field for field in names if names.count(field) > 1}):
            raise InvalidSchema(f"{name} has the field {twice[0]} twice")
        for field in fields:
            if "default" in field and not self._fits(field["type"], field["default"]):
                raise InvalidSchema(
                    f"{name}: field {field['name']} has the default {json.dumps(field['default'])}, "
                    f"which is no {self.describe(field['type'])}"
                )

    def _fits(self, node: Node, value: Any) -> bool:  # noqa: C901, PLR0911 - one answer per Avro type
        """Return whether a default, in JSON, is a value of the type; a union's may be of any branch (Avro 1.12)."""
        expanded = self.expand(node)
        if isinstance(expanded, list):
            return any(self._fits(branch, value) for branch in expanded)
        match expanded["type"]:
            case "null":
                return value is None
            case "boolean":
                return isinstance(value, bool)
            case "int" | "long" as kind:
                bits = 31 if kind == "int" else 63
                return isinstance(value, int) and not isinstance(value, bool) and -(2**bits) <= value < 2**bits
            case "float" | "double":
                return isinstance(value, int | float) and not isinstance(value, bool)
            case "array":
                return isinstance(value, list) and all(self._fits(expanded["items"], item) for item in value)
            case "map":
                return isinstance(value, dict) and all(self._fits(expanded["values"], item) for item in value.values())
            case "record":
                return isinstance(value, dict) and all(
                    self._fits(field["type"], value[field["name"]]) if field["name"] in value else "default" in field
                    for field in expanded["fields"]
                )
            case "enum":
                return value in expanded["symbols"]
            case "fixed":
                return isinstance(value, str) and len(value) == expanded["size"]
            case _:
                return isinstance(value, str)
