"""What was hashed already: so that a second backup into a folder reads neither the whole log nor all pieces again.

A file counts as hashed while it has the size and the times that it had then; the time of its last change of any kind
can't be set back, so a piece that was altered is hashed again and found out. What was not altered but has rotted on its
disk is found by `telltale restore --check`, which reads everything.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from infra.files import write_private

NAME: Final = "hashed.json"


@dataclass(slots=True)
class Hashed:
    """Marks of files by name: of pieces, and of the log's own files with the pieces they were cut into."""

    pieces: dict[str, list[int]] = field(default_factory=dict)
    sources: dict[str, tuple[list[int], list[str]]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return what a folder's last backup remembered; nothing where that can't be read, and all is hashed again."""
        try:
            value = json.loads((folder / NAME).read_text("utf-8"))
            return cls(dict(value["pieces"]), {path: (mark, names) for path, (mark, names) in value["sources"].items()})
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    def write(self, folder: Path) -> None:
        """Replace what the folder remembers."""
        write_private(folder / NAME, json.dumps({"pieces": self.pieces, "sources": self.sources}) + "\n")


def mark_of_piece(path: Path) -> list[int]:
    """Return what changes with any change of a piece."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def mark_of_source(path: Path, size: int) -> list[int]:
    """Return what changes when a file of the log is another or grows; linking it, which a snapshot does, leaves it."""
    stat = path.stat()
    return [size, stat.st_size, stat.st_mtime_ns, stat.st_ino]
