"""Golden bytes: one record of every published version of every schema, written once and kept for ever.

`python -m tests.golden` writes those that are missing; it never changes one that is there.
"""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import fastavro

from schemas.history import EarlierVersion, published_history
from schemas.parsed import Node, ParsedSchema

FOLDER: Final = Path(__file__).parent / "golden_records"


@dataclass(frozen=True, slots=True)
class GoldenRecord:
    """A version, the bytes of a record's body written with it, and the fields that were written."""

    version: EarlierVersion
    body: bytes
    fields: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Name of the case in a test report."""
        return f"{self.version.event}-{self.version.version}"


def all_versions() -> Iterator[EarlierVersion]:
    """Yield every published version of every event."""
    history = published_history()
    for event in history.events():
        yield from history.versions(event)


def golden_records() -> list[GoldenRecord]:
    """Return the golden records of all versions that have one."""
    found = []
    for version in all_versions():
        if (file := _file(version)).exists():
            kept = json.loads(file.read_text(encoding="utf-8"))
            found.append(GoldenRecord(version, bytes.fromhex(kept["body"]), kept["fields"]))
    return found


def without_logical_types(text: str) -> Any:
    """Return a schema, parsed, whose values are plain: times as numbers, ids as text."""

    def plain(node: Any) -> Any:
        if isinstance(node, dict):
            return {name: plain(part) for name, part in node.items() if name != "logicalType"}
        return [plain(part) for part in node] if isinstance(node, list) else node

    return fastavro.parse_schema(plain(json.loads(text)))


def jsonable(value: Any) -> Any:
    """Return a plain value as JSON keeps it: bytes as hex."""
    if isinstance(value, dict):
        return {name: jsonable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [jsonable(part) for part in value]
    return value.hex() if isinstance(value, bytes) else value


def write_missing() -> list[Path]:
    """Write a golden record for each version that has none."""
    written = []
    for version in all_versions():
        file = _file(version)
        if file.exists():
            continue
        schema = ParsedSchema(version.text)
        fields = _sample(schema, schema.top, version.event)
        body = io.BytesIO()
        fastavro.schemaless_writer(body, without_logical_types(version.text), fields)
        file.parent.mkdir(parents=True, exist_ok=True)
        kept = {"body": body.getvalue().hex(), "fields": jsonable(fields)}
        file.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(file)
    return written


def _file(version: EarlierVersion) -> Path:
    return FOLDER / version.event / f"{version.version}.json"


def _sample(schema: ParsedSchema, node: Node, name: str) -> Any:  # noqa: C901, PLR0911 - one answer per Avro type
    """Return a value of a type that tells fields apart; of a union its last branch, so that nothing is null."""
    expanded = schema.expand(node)
    match schema.kind(expanded):
        case "union":
            return _sample(schema, expanded[-1], name)
        case "record":
            return {field["name"]: _sample(schema, field["type"], field["name"]) for field in expanded["fields"]}
        case "array":
            return [_sample(schema, expanded["items"], f"{name}-{place}") for place in range(2)]
        case "map":
            return {f"{name}-{place}": _sample(schema, expanded["values"], name) for place in range(2)}
        case "string":
            return "8d8ac610-566d-5ef0-9c22-186b2a5ed793" if expanded.get("logicalType") == "uuid" else f"{name} ü"
        case "bytes":
            return name.encode() + b"\0\xff"
        case "boolean":
            return True
        case "float" | "double":
            return len(name) + 0.25
        case "int":
            return len(name)
        case "long":
            return 1_772_000_000_000_000 + len(name)
        case kind:
            raise NotImplementedError(f"a sample of {kind}")


if __name__ == "__main__":
    for path in write_missing():
        print(path)  # noqa: T201 - it is a command
