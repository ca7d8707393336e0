"""Can data written with one schema be read with another? Avro's schema resolution, decided without a registry.

The rules are the Avro specification's ("Schema Resolution"), as Avro's own checker applies them in the registry;
`docs/contracts.md` names the places where one could expect another answer. Nothing here reads a file or a network.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from schemas.parsed import Node, ParsedSchema

_PROMOTIONS: Final[Mapping[str, frozenset[str]]] = {
    "int": frozenset({"long", "float", "double"}),
    "long": frozenset({"float", "double"}),
    "float": frozenset({"double"}),
    "string": frozenset({"bytes"}),
    "bytes": frozenset({"string"}),
}
"""What is written, and as what else it may be read."""

_Pairs = frozenset[tuple[str, str]]


class Rule(StrEnum):
    """The rule of schema resolution that a pair of schemas breaks."""

    TYPE = "type"
    NAME = "name"
    DEFAULT = "default"
    ALIAS = "alias"
    UNION = "union"
    SYMBOLS = "symbols"
    SIZE = "size"
    MEANING = "meaning"
    """Not Avro's: see `schemas.meaning`."""


@dataclass(frozen=True, slots=True)
class Incompatibility:
    """Why data of one schema can't be read with another: the place, the rule, and what is wrong in words.

    `path` leads to the place from the record's top, such as channels[].unit; empty for the record itself.
    """

    path: str
    rule: Rule
    text: str

    def __str__(self) -> str:
        return f"{self.path or 'the record'}: {self.text}"


@dataclass(frozen=True, slots=True)
class Side:
    """A schema, and what to call it in a sentence, such as "version 3"."""

    label: str
    schema: ParsedSchema


_Found = tuple[Incompatibility, ...]


def incompatibilities(new: Side, old: Side) -> _Found:
    """Return why `new` can't stand beside `old` under FULL compatibility: each must read what the other writes."""
    return tuple(dict.fromkeys((*unreadable(reader=new, writer=old), *unreadable(reader=old, writer=new))))


def unreadable(*, reader: Side, writer: Side) -> _Found:
    """Return why data written with `writer` can't be read with `reader`; () when it can."""
    return _Resolution(reader, writer).compare(reader.schema.top, writer.schema.top, "", frozenset())


@dataclass(frozen=True, slots=True)
class _Resolution:
    """One comparison, going down both schemas at once.

    `inside` holds the pairs of records being compared further up: a record that contains itself is compatible
    there if it is so everywhere else.
    """

    reader: Side
    writer: Side

    def compare(  # noqa: PLR0911 - one answer per pair of Avro types
        self, reader_node: Node, writer_node: Node, path: str, inside: _Pairs
    ) -> _Found:
        """Return what keeps `reader_node` from reading data of `writer_node`."""
        read, written = self.reader.schema.expand(reader_node), self.writer.schema.expand(writer_node)
        match self.reader.schema.kind(read), self.writer.schema.kind(written):
            case _, "union":
                # Which branch was written only the data tells, so each must be readable.
                return _joined(self.compare(read, branch, path, inside) for branch in written)
            case "union", _:
                return self._compare_branches(read, written, path, inside)
            case "array", "array":
                return self.compare(read["items"], written["items"], f"{path}[]", inside)
            case "map", "map":
                return self.compare(read["values"], written["values"], f"{path}{{}}", inside)
            case "record", "record":
                pair = (read["name"], written["name"])
                return () if pair in inside else self._compare_records(read, written, path, inside | {pair})
            case "enum", "enum":
                return (*self._compare_names(read, written, path), *self._compare_symbols(read, written, path))
            case "fixed", "fixed":
                return (*self._compare_names(read, written, path), *self._compare_sizes(read, written, path))
            case wanted, given if wanted == given or wanted in _PROMOTIONS.get(given, ()):
                return ()
        return self._found(
            path,
            Rule.TYPE,
            f"{self.writer.label} writes {self.writer.schema.describe(written)}, "
            f"{self.reader.label} reads {self.reader.schema.describe(read)}",
        )

    def _compare_branches(self, read: list[Node], written: Node, path: str, inside: _Pairs) -> _Found:
        if any(not self.compare(branch, written, path, inside) for branch in read):
            return ()
        return self._found(
            path,
            Rule.UNION,
            f"{self.writer.label} writes {self.writer.schema.describe(written)}, "
            f"which no branch of {self.reader.label} reads ({self.reader.schema.describe(read)})",
        )

    def _compare_records(self, read: dict[str, Any], written: dict[str, Any], path: str, inside: _Pairs) -> _Found:
        if renamed := self._compare_names(read, written, path):
            return renamed
        given = {field["name"]: field for field in written["fields"]}
        return _joined(self._compare_field(field, given, path, inside) for field in read["fields"])

    def _compare_field(
        self, field: dict[str, Any], given: Mapping[str, dict[str, Any]], path: str, inside: _Pairs
    ) -> _Found:
        here = f"{path}.{field['name']}" if path else field["name"]
        matching = [name for name in (field["name"], *field.get("aliases", ())) if name in given]
        if len(matching) > 1:
            return self._found(
                here,
                Rule.ALIAS,
                f"{self.reader.label} reads it from any of {', '.join(matching)} of {self.writer.label}",
            )
        if matching:
            return self.compare(field["type"], given[matching[0]]["type"], here, inside)
        if "default" in field:
            return ()
        return self._found(
            here,
            Rule.DEFAULT,
            f"{self.writer.label} does not write it, and {self.reader.label} has no default for it",
        )

    def _compare_names(self, read: dict[str, Any], written: dict[str, Any], path: str) -> _Found:
        """Names are equal without their namespaces, or the reader gives the writer's full name as an alias."""
        if _unqualified(read) == _unqualified(written) or written["name"] in _aliases(read):
            return ()
        return self._found(
            path,
            Rule.NAME,
            f"{self.writer.label} calls the {written['type']} {written['name']}, {self.reader.label} {read['name']}",
        )

    def _compare_symbols(self, read: dict[str, Any], written: dict[str, Any], path: str) -> _Found:
        unknown = [symbol for symbol in written["symbols"] if symbol not in read["symbols"]]
        if not unknown or "default" in read:
            return ()
        return self._found(
            path,
            Rule.SYMBOLS,
            f"{self.writer.label} may write {', '.join(unknown)}, which {self.reader.label} does not know",
        )

    def _compare_sizes(self, read: dict[str, Any], written: dict[str, Any], path: str) -> _Found:
        if read["size"] == written["size"]:
            return ()
        return self._found(
            path,
            Rule.SIZE,
            f"{self.writer.label} writes {written['size']} bytes, {self.reader.label} reads {read['size']}",
        )

    @staticmethod
    def _found(path: str, rule: Rule, text: str) -> _Found:
        return (Incompatibility(path, rule, text),)


def _unqualified(node: dict[str, Any]) -> str:
    return str(node["name"]).rpartition(".")[2]


def _aliases(node: dict[str, Any]) -> frozenset[str]:
    namespace = str(node["name"]).rpartition(".")[0]
    return frozenset(
        alias if "." in alias or not namespace else f"{namespace}.{alias}" for alias in node.get("aliases", ())
    )


def _joined(parts: Iterable[_Found]) -> _Found:
    return tuple(incompatibility for part in parts for incompatibility in part)
