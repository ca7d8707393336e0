"""Changes that Avro's schema resolution allows and Telltale refuses, because stored data would read as something else.

Avro leaves logical types out of resolution: a time written in milliseconds and read in microseconds is "compatible",
and wrong by a factor of 1000. It also lets bytes be read as string, which fails on bytes that are no UTF-8.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from schemas.compatibility import Incompatibility, Rule, Side
from schemas.parsed import Node, ParsedSchema

_Meanings = Mapping[str, str]
"""What may stand at one place of a record: Avro type to logical type, "" for none."""


def changed_meanings(new: Side, old: Side) -> tuple[Incompatibility, ...]:
    """Return the places where Avro reads one schema's data with the other, and gets something else."""
    before, after = _meanings(old.schema), _meanings(new.schema)
    return tuple(
        Incompatibility(
            path,
            Rule.MEANING,
            f"{old.label} means {_words(before[path])}, {new.label} means {_words(after[path])}; Avro would not notice",
        )
        for path in before
        if path in after and _clash(before[path], after[path])
    )


def _clash(before: _Meanings, after: _Meanings) -> bool:
    text_or_bytes = [{"string", "bytes"} & set(meanings) for meanings in (before, after)]
    return (all(text_or_bytes) and text_or_bytes[0] != text_or_bytes[1]) or any(
        before[kind] != after[kind] for kind in before.keys() & after.keys()
    )


def _meanings(schema: ParsedSchema) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path, kind, logical in _leaves(schema, schema.top, "", frozenset()):
        found[path][kind] = logical
    return found


def _leaves(schema: ParsedSchema, node: Node, path: str, inside: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """Yield place, Avro type and logical type of everything that is no record; a record within itself only once."""
    expanded = schema.expand(node)
    match schema.kind(expanded):
        case "union":
            for branch in expanded:
                yield from _leaves(schema, branch, path, inside)
        case "array":
            yield from _leaves(schema, expanded["items"], f"{path}[]", inside)
        case "map":
            yield from _leaves(schema, expanded["values"], f"{path}{{}}", inside)
        case "record" if expanded["name"] not in inside:
            for field in expanded["fields"]:
                place = f"{path}.{field['name']}" if path else field["name"]
                yield from _leaves(schema, field["type"], place, inside | {expanded["name"]})
        case kind if kind != "record":
            yield path, kind, _logical(expanded)


def _logical(node: Mapping[str, object]) -> str:
    """Return a logical type with its parameters, such as decimal(8, 2)."""
    name = str(node.get("logicalType", ""))
    return f"{name}({node['precision']}, {node.get('scale', 0)})" if name == "decimal" else name


def _words(meanings: _Meanings) -> str:
    return " or ".join(f"{kind} as {logical}" if logical else kind for kind, logical in meanings.items())
