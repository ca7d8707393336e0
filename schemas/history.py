"""Every version of every schema that was ever published, kept beside the code: `published/telltale.<Event>/<n>.avsc`.

A file in there is never changed and never deleted: records written with it lie in somebody's log.
"""

import re
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from schemas.catalogue import EventSchema, event_of, full_name, one_line
from schemas.parsed import machine_form

_VERSION_FILE: Final = re.compile(r"([1-9][0-9]*)\.avsc")


class BrokenHistory(ValueError):
    """The kept versions of an event are not 1, 2, 3, … without a gap."""


@dataclass(frozen=True, slots=True)
class EarlierVersion:
    """One published version of an event's schema; `text` is what was registered."""

    event: str
    version: int
    text: str


class SchemaHistory:
    """The versions kept in a folder."""

    def __init__(self, folder: Traversable) -> None:
        self._folder = folder

    def events(self) -> tuple[str, ...]:
        """Return the names of all events that were ever published."""
        if not self._folder.is_dir():
            return ()
        return tuple(sorted(event_of(entry.name) for entry in self._folder.iterdir() if entry.is_dir()))

    def versions(self, event: str) -> tuple[EarlierVersion, ...]:
        """Return an event's published versions, oldest first; () for one never published.

        Raises:
            BrokenHistory: a version is missing.
        """
        folder = self._folder / full_name(event)
        if not folder.is_dir():
            return ()
        texts = {
            int(named[1]): one_line(file.read_text(encoding="utf-8"))
            for file in folder.iterdir()
            if (named := _VERSION_FILE.fullmatch(file.name))
        }
        if sorted(texts) != list(range(1, len(texts) + 1)):
            raise BrokenHistory(
                f"{folder} holds versions {sorted(texts)}: restore the missing files, they are for ever"
            )
        return tuple(EarlierVersion(event, version, texts[version]) for version in sorted(texts))


def published_history() -> SchemaHistory:
    """Return the history that this installation knows."""
    return SchemaHistory(resources.files("schemas") / "published")


def freeze(schema: EventSchema, folder: Path) -> EarlierVersion | None:
    """Keep today's schema in `folder` as the event's next version; None when the newest there says the same."""
    earlier = SchemaHistory(folder).versions(schema.event)
    if earlier and machine_form(earlier[-1].text) == machine_form(schema.text):
        return None
    added = EarlierVersion(schema.event, len(earlier) + 1, schema.text)
    file = folder / schema.full_name / f"{added.version}.avsc"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(schema.text + "\n", encoding="utf-8")
    return added
