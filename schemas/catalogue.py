"""Today's schemas of all events, as they stand in `schemas/*.avsc`.

An event's schema is what producers write and what readers ask for. The schemas of records that lie in
the log already come from topic `contracts`, by id, and never from here. This module never talks to a registry.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from domain.topics import TOPICS

NAMESPACE = "telltale"
_PREFIX, _SUFFIX = f"{NAMESPACE}.", ".avsc"


class UnknownEvent(LookupError):
    """No schema in the catalogue has this event's name."""

    def __init__(self, event: str) -> None:
        super().__init__(f"no event is called {event}; known are {', '.join(sorted(catalogue()))}")
        self.event = event


@dataclass(frozen=True, slots=True)
class EventSchema:
    """One event's schema.

    `text` is the file as one line of JSON, attributes in the file's order: exactly this is registered,
    published and hashed, so that the file's layout is free to change.
    """

    event: str
    text: str

    @property
    def full_name(self) -> str:
        """Name with namespace, such as telltale.ModelPromoted."""
        return full_name(self.event)

    @property
    def definition(self) -> dict[str, Any]:
        """The schema as JSON; a new copy each time."""
        parsed: dict[str, Any] = json.loads(self.text)
        return parsed

    @property
    def sha256(self) -> str:
        """SHA-256 of `text` in UTF-8, lower-case hex."""
        return text_sha256(self.text)


def full_name(event: str) -> str:
    """Return the Avro full name of an event."""
    return _PREFIX + event


def event_of(record_name: str) -> str:
    """Return the event of an Avro full name; the inverse of `full_name`."""
    return record_name.removeprefix(_PREFIX)


def subject_of(topic: str, event: str) -> str:
    """Return the registry's subject of an event in a topic (TopicRecordName)."""
    return f"{topic}-{full_name(event)}"


def text_sha256(text: str) -> str:
    """Return the SHA-256 of a schema's text, lower-case hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def one_line(text: str) -> str:
    """Return the JSON text without layout; equal schemas in different layouts become equal texts."""
    return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))


@cache
def catalogue() -> Mapping[str, EventSchema]:
    """Return the schema of every event by its name; read from the package once, on first use."""
    found = {}
    for file in sorted(resources.files("schemas").iterdir(), key=lambda entry: entry.name):
        if file.name.startswith(_PREFIX) and file.name.endswith(_SUFFIX):
            event = file.name.removeprefix(_PREFIX).removesuffix(_SUFFIX)
            found[event] = EventSchema(event=event, text=one_line(file.read_text(encoding="utf-8")))
    return MappingProxyType(found)


def schema_of(event: str) -> EventSchema:
    """Return the schema of an event.

    Raises:
        UnknownEvent: no schema has that name.
    """
    try:
        return catalogue()[event]
    except KeyError:
        raise UnknownEvent(event) from None


def subjects() -> Mapping[str, EventSchema]:
    """Return the schema of every subject, in the order of topics and of the events in each topic."""
    return MappingProxyType(
        {subject_of(topic.name, event): schema_of(event) for topic in TOPICS.values() for event in topic.events},
    )
