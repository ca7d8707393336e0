"""A read model as a folder: what it reads, its tables, its step, its indexes.

The folder is the whole definition; a build keeps the texts it was made from and runs those for life, so
that a changed file never touches the tables of an older build.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final, Self

from domain.topics import TOPICS

FILES: Final = ("projection.toml", "schema.sql", "apply.sql", "indexes.sql")

READING: Final = "SensorReadingRecorded"

ENGINE: Final = "engine"
"""Stands among the texts beside FILES: what the engine does for the step. A build that was made before it could do so
lacks the text, goes on as it was made, and counts as one of other SQL."""

_ENGINE_TEXT: Final = "readings that the log has again are left out of batch"


class FolderRefused(ValueError):
    """The folder is no read model; the message names file and rule."""


class NoSuchReadModel(LookupError):
    """No folder has this name."""

    def __init__(self, name: str, names: Sequence[str]) -> None:
        super().__init__(f"no read model is called {name}; there are {', '.join(names)}")
        self.name = name


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """One read model's definition.

    `keys` has for each table the columns that name one of its rows; `excluded` has for "table.column" why it is
    left out of the fingerprint; `texts` are the files as they were read.

    `keep_days` None keeps rows for ever. Else rows of the tables in `keep_by` go when the column named there, which
    says when the log learned of the row, is before the day that lies so many days before the newest record's. By the
    law of projections that column may never change in a row: it is part of the key, or rows are only inserted.

    `finds_repeats`: the step itself leaves out readings that an earlier batch brought; else the engine does.
    """

    name: str
    purpose: str
    topics: tuple[str, ...]
    events: tuple[str, ...]
    keys: Mapping[str, tuple[str, ...]]
    excluded: Mapping[str, str]
    keep_days: int | None
    keep_by: Mapping[str, str]
    finds_repeats: bool
    texts: Mapping[str, str]

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> Self:
        """Return the read model that the texts of `FILES` define.

        Raises:
            FolderRefused: a file or a required entry is missing, or a topic or event is unknown.
        """
        if missing := [file for file in FILES if file not in texts]:
            raise FolderRefused(f"read model lacks {', '.join(missing)}")
        try:
            stated = tomllib.loads(texts["projection.toml"])
        except tomllib.TOMLDecodeError as error:
            raise FolderRefused(f"projection.toml is no TOML: {error}") from error
        try:
            folder = cls(
                name=stated["name"],
                purpose=stated["purpose"],
                topics=tuple(stated["topics"]),
                events=tuple(stated["events"]),
                keys={table: tuple(columns) for table, columns in stated["keys"].items()},
                excluded=dict(stated.get("fingerprint", {}).get("exclude", {})),
                keep_days=stated.get("keep_days"),
                keep_by=dict(stated.get("keep_by", {})),
                finds_repeats=stated.get("finds_repeats", False),
                texts=dict(texts),
            )
        except KeyError as missing_entry:
            raise FolderRefused(f"projection.toml lacks {missing_entry}") from missing_entry
        _check(folder, stated)
        return folder

    @classmethod
    def of_today(cls, files: Mapping[str, str]) -> Self:
        """Return the read model that a build made now has: what FILES define, and the engine as it is.

        Raises:
            FolderRefused: as `from_texts` does.
        """
        folder = cls.from_texts(files)
        return cls.from_texts({**files, ENGINE: _ENGINE_TEXT}) if READING in folder.events else folder

    @property
    def sees_repeats(self) -> bool:
        """Whether readings that the log has again are left out of its batches."""
        return ENGINE in self.texts

    @property
    def schema_sql(self) -> str:
        """Its tables and unique keys."""
        return self.texts["schema.sql"]

    @property
    def apply_sql(self) -> str:
        """Its step over the temporary table `batch`."""
        return self.texts["apply.sql"]

    @property
    def indexes_sql(self) -> str:
        """What is built once the log's end is reached for the first time."""
        return self.texts["indexes.sql"]


class Folders:
    """All read models there are: the program's, and those in a folder of the user's own.

    The user's folder is read anew each time, so a read model that is made while a projector runs is found by it.
    """

    def __init__(self, own: Path | None = None) -> None:
        self.own: Final = own

    def names(self) -> tuple[str, ...]:
        """Return the names of all read models, sorted; one of the user's that bears a name of ours is ours."""
        found = [] if self.own is None or not self.own.is_dir() else list(self.own.iterdir())
        own = (entry.name for entry in found if (entry / "projection.toml").is_file())
        return tuple(sorted({*folder_names(), *own}))

    def load(self, name: str) -> Folder:
        """Return the read model called `name` as its files say today.

        Raises:
            NoSuchReadModel: there is no such folder.
            FolderRefused: its files are no read model.
        """
        if name in folder_names():
            return load_folder(name)
        if self.own is None or name not in self.names():
            raise NoSuchReadModel(name, self.names())
        require_name(name)
        texts = {}
        for file in FILES:
            try:
                texts[file] = (self.own / name / file).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise FolderRefused(f"{self.own / name / file} can't be read: {error}") from error
        folder = Folder.of_today(texts)
        if folder.name != name:
            raise FolderRefused(f"{name}: projection.toml calls it {folder.name}")
        return folder


def require_name(name: str) -> None:
    """Return when a read model may bear this name, which becomes that of its builds' schemas.

    Raises:
        FolderRefused: it may not.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", name) or re.search(r"_b\d+$", name):
        raise FolderRefused(
            f"{name!r} is no name for a read model: small letters, digits and _, 2 to 40, not ending like a build"
        )


def folder_names() -> tuple[str, ...]:
    """Return the names of all read models of this program, sorted."""
    found = (entry.name for entry in resources.files("projections").iterdir() if (entry / "projection.toml").is_file())
    return tuple(sorted(found))


def load_folder(name: str) -> Folder:
    """Return the read model called `name` as its files say today.

    Raises:
        NoSuchReadModel: there is no such folder.
        FolderRefused: its files are no read model.
    """
    if name not in folder_names():
        raise NoSuchReadModel(name, folder_names())
    place = resources.files("projections") / name
    return Folder.of_today({file: (place / file).read_text(encoding="utf-8") for file in FILES})


def _check(folder: Folder, stated: Mapping[str, Any]) -> None:
    known = {"name", "purpose", "topics", "events", "keys", "fingerprint", "keep_days", "keep_by", "finds_repeats"}
    if unknown := sorted(set(stated) - known):
        raise FolderRefused(f"{folder.name}: projection.toml has unknown entries {', '.join(unknown)}")
    for topic in folder.topics:
        if topic not in TOPICS:
            raise FolderRefused(f"{folder.name}: no topic is called {topic}")
    if (folder.keep_days is None) != (not folder.keep_by):
        raise FolderRefused(f"{folder.name}: keep_days and [keep_by] go together")
    if folder.keep_days is not None and (not isinstance(folder.keep_days, int) or folder.keep_days < 1):
        raise FolderRefused(f"{folder.name}: keep_days is a whole number of days, 1 or more")
    if strange_tables := sorted(set(folder.keep_by) - set(folder.keys)):
        raise FolderRefused(f"{folder.name}: [keep_by] names {', '.join(strange_tables)}, which [keys] does not")
    carried = {event for topic in folder.topics for event in TOPICS[topic].events}
    if strange := sorted(set(folder.events) - carried):
        raise FolderRefused(f"{folder.name}: its topics do not carry {', '.join(strange)}")
