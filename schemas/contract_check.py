"""May today's schemas follow everything that was ever published? Answered without registry, log or network."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.topics import TOPICS
from schemas.catalogue import NAMESPACE, EventSchema, catalogue
from schemas.compatibility import Side, incompatibilities
from schemas.history import EarlierVersion, SchemaHistory, published_history
from schemas.meaning import changed_meanings
from schemas.parsed import InvalidSchema, ParsedSchema, machine_form

UNCHANGEABLE: Final = frozenset({"SchemaPublished"})
"""Events of topic `contracts`: readers decode them before they know any id, so with this one schema, always."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with an event's schema: beside which version, where in it, which rule, in words.

    `version` is None for what is wrong whatever came before.
    """

    event: str
    version: int | None
    path: str
    rule: str
    text: str

    def __str__(self) -> str:
        against = "" if self.version is None else f" against version {self.version}"
        return f"telltale.{self.event}{against}, {self.path or 'the record'}: {self.text}"


@dataclass(frozen=True, slots=True)
class CheckedEvent:
    """The verdict on one event: how many earlier versions it stands beside, and what is wrong."""

    event: str
    earlier: int
    changed: bool
    """True when today's schema is not the newest kept version; words of documentation don't count."""
    violations: tuple[Violation, ...]


def check_all(
    schemas: Mapping[str, EventSchema] | None = None, history: SchemaHistory | None = None
) -> tuple[CheckedEvent, ...]:
    """Check every event that has a schema, has ever had one, or stands in a topic; today's own unless given."""
    today = catalogue() if schemas is None else schemas
    kept = history or published_history()
    in_topics = {event for topic in TOPICS.values() for event in topic.events}
    checked = []
    for event in sorted({*today, *kept.events(), *in_topics}):
        earlier = kept.versions(event)
        if event not in today:
            missing = Violation(
                event, None, "", "missing", f"schemas/{NAMESPACE}.{event}.avsc is gone; names are for ever"
            )
            checked.append(CheckedEvent(event, len(earlier), changed=True, violations=(missing,)))
            continue
        violations = list(check(today[event], earlier))
        if event not in in_topics:
            violations.append(Violation(event, None, "", "topic", "no topic carries it; see domain/topics.py"))
        changed = not earlier or not _same(earlier[-1].text, today[event].text)
        checked.append(CheckedEvent(event, len(earlier), changed, tuple(violations)))
    return tuple(checked)


def check(schema: EventSchema, earlier: Sequence[EarlierVersion]) -> tuple[Violation, ...]:
    """Return what is wrong with a schema: by itself, and beside each earlier version (FULL_TRANSITIVE)."""
    try:
        new = Side("the new schema", ParsedSchema(schema.text))
    except InvalidSchema as error:
        return (Violation(schema.event, None, "", "invalid", str(error)),)
    found = [*_wrong_by_itself(schema)]
    for version in earlier:
        old = Side(f"version {version.version}", ParsedSchema(version.text))
        found.extend(
            Violation(schema.event, version.version, broken.path, broken.rule, broken.text)
            for broken in (*incompatibilities(new, old), *changed_meanings(new, old))
        )
        if schema.event in UNCHANGEABLE and machine_form(schema.text) != machine_form(version.text):
            text = "it can't change: readers decode it with this very schema before they know any id"
            found.append(Violation(schema.event, version.version, "", "unchangeable", text))
    return tuple(found)


def _same(one: str, other: str) -> bool:
    try:
        return machine_form(one) == machine_form(other)
    except InvalidSchema:
        return False


def _wrong_by_itself(schema: EventSchema) -> Iterator[Violation]:
    definition = schema.definition
    name = f"{definition.get('namespace')}.{definition.get('name')}"
    if definition.get("type") != "record" or name != schema.full_name:
        text = f"the file defines {definition.get('type')} {name}, not the record {schema.full_name}"
        yield Violation(schema.event, None, "", "name", text)
    for path in _undocumented(definition, ""):
        yield Violation(schema.event, None, path, "doc", "it has no doc: say what it means and in which unit")


def _undocumented(node: Any, path: str) -> Iterator[str]:
    """Yield the places of records and fields that say nothing about themselves."""
    match node:
        case {"type": "record", "fields": fields}:
            if not node.get("doc"):
                yield path
            for field in fields:
                place = f"{path}.{field['name']}" if path else field["name"]
                if not field.get("doc"):
                    yield place
                yield from _undocumented(field["type"], place)
        case {"type": "array", "items": inner}:
            yield from _undocumented(inner, f"{path}[]")
        case {"type": "map", "values": inner}:
            yield from _undocumented(inner, f"{path}{{}}")
        case {"type": inner}:
            yield from _undocumented(inner, path)
        case [*branches]:
            for branch in branches:
                yield from _undocumented(branch, path)
