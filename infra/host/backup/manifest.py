"""What a backup holds: every file with the hashes of its pieces, and each partition's range of offsets."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from infra.files import write_private

FORMAT: Final = 1
NAME: Final = "manifest.json"


class NoBackup(Exception):
    """The folder holds no whole backup that this version reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFile:
    """A file of the log's folder: path below it, size, and the sha256 of every piece in order."""

    path: str
    size: int
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionRange:
    """The offsets a backup holds of one partition; transaction markers take offsets too."""

    topic: str
    partition: int
    topic_id: str
    first_offset: int
    next_offset: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A backup's table of contents. taken_at: when the log stood still, ISO 8601; clean: the broker had ended well."""

    taken_at: str
    cluster_id: str
    kafka: str
    clean: bool
    piece_bytes: int
    partitions: tuple[PartitionRange, ...]
    files: tuple[SavedFile, ...]
    format: int = FORMAT

    @property
    def size(self) -> int:
        """Return the bytes of all files."""
        return sum(file.size for file in self.files)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace a backup's manifest in one step: from here on this is what the folder holds."""
    write_private(folder / NAME, json.dumps(asdict(manifest), indent=1) + "\n")


def read_manifest(folder: Path) -> Manifest:
    """Return what a folder holds.

    Raises:
        NoBackup: there is no manifest, it is damaged, or it is of another format.
    """
    path = folder / NAME
    if not path.is_file():
        raise NoBackup(f"{folder} holds no backup: there is no {NAME}, which is written last")
    try:
        value = json.loads(path.read_text("utf-8"))
        if value["format"] != FORMAT:
            raise NoBackup(f"{path} is of format {value['format']}; this version reads format {FORMAT}")
        value["partitions"] = tuple(PartitionRange(**partition) for partition in value["partitions"])
        value["files"] = tuple(SavedFile(**{**file, "pieces": tuple(file["pieces"])}) for file in value["files"])
        return Manifest(**value)
    except (ValueError, KeyError, TypeError) as damage:
        raise NoBackup(f"{path} is damaged: {damage}") from damage


def by_topic(partitions: Iterable[PartitionRange]) -> dict[str, list[PartitionRange]]:
    """Return the partitions of every topic, topics in order of name."""
    topics: dict[str, list[PartitionRange]] = {}
    for one in sorted(partitions, key=lambda one: (one.topic, one.partition)):
        topics.setdefault(one.topic, []).append(one)
    return topics
