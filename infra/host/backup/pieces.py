"""The bytes of a backup: pieces named by their sha256, each written once and never changed.

A segment that has grown shares all its full pieces with the backup before, so a second backup into one folder writes
only what is new, and one that is interrupted leaves the one before whole.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from infra.host.backup.hashed import Hashed, mark_of_piece, mark_of_source
from infra.host.backup.manifest import SavedFile

PIECE_BYTES: Final = 16 * 1024 * 1024

Advance = Callable[[int], None]


class BackupDamaged(Exception):
    """A file of the backup is not what the manifest names."""

    def __init__(self, file: SavedFile, number: int, reason: str) -> None:
        at = f"piece {number + 1} of {len(file.pieces)}, from byte {number * PIECE_BYTES:,}"
        super().__init__(f"{file.path} ({at}): {reason}")
        self.path = file.path


class Pieces:
    """The folder of pieces."""

    def __init__(self, folder: Path) -> None:
        self._backup = folder
        self._folder = folder / "pieces"
        self._before: Final = Hashed.read(folder)
        self._now: Final = Hashed()
        self.written = 0
        """Bytes that were new."""
        self.mended: list[str] = []
        """Names of pieces that were there and damaged, and were written anew."""

    def save(self, source: Path, *, path: str, size: int, advance: Advance) -> SavedFile:
        """Keep the first `size` bytes of a file; pieces that are there and sound are not written again."""
        mark = mark_of_source(source, size)
        before, names = self._before.sources.get(path, ([], []))
        if mark != before or not all(self._is_sound(name) for name in names):
            names = self._cut(source, size, advance)
        else:
            advance(size)
        self._now.sources[path] = (mark, names)
        return SavedFile(path=path, size=size, pieces=tuple(names))

    def _cut(self, source: Path, size: int, advance: Advance) -> list[str]:
        names = []
        with source.open("rb") as file:
            for start in range(0, size, PIECE_BYTES):
                content = file.read(min(PIECE_BYTES, size - start))
                names.append(self._keep(content))
                advance(len(content))
        return names

    def read(self, file: SavedFile, *, write: Callable[[bytes], object], advance: Advance) -> None:
        """Hand a file's bytes to `write`, each piece once it is seen to be sound.

        Raises:
            BackupDamaged: a piece is missing or has another hash.
        """
        total = 0
        for number, name in enumerate(file.pieces):
            try:
                content = self._path(name).read_bytes()
            except FileNotFoundError as missing:
                raise BackupDamaged(file, number, f"{self._path(name)} is missing") from missing
            except OSError as failure:
                raise BackupDamaged(file, number, f"{self._path(name)} can't be read: {failure.strerror}") from failure
            if hashlib.sha256(content).hexdigest() != name:
                raise BackupDamaged(file, number, f"{self._path(name)} has been changed")
            write(content)
            total += len(content)
            advance(len(content))
        if total != file.size:
            raise BackupDamaged(file, len(file.pieces) - 1, f"{total:,} bytes instead of {file.size:,}")

    def keep_only(self, files: Iterable[SavedFile]) -> None:
        """Remove the pieces of no file, which earlier backups into this folder needed."""
        needed = {name for file in files for name in file.pieces}
        for path in self._folder.glob("*/*"):
            if path.name not in needed:
                path.unlink()
        self._now.write(self._backup)

    def _keep(self, content: bytes) -> str:
        name = hashlib.sha256(content).hexdigest()
        path = self._path(name)
        if path.exists():
            if self._is_sound(name):
                return name
            self.mended.append(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        self.written += len(content)
        self._now.pieces[name] = mark_of_piece(path)
        return name

    def _is_sound(self, name: str) -> bool:
        """Return whether a piece is there and has its hash; read only if it was changed since it was last hashed."""
        if name in self._now.pieces:
            return True
        path = self._path(name)
        try:
            mark = mark_of_piece(path)
            if self._before.pieces.get(name) != mark and hashlib.sha256(path.read_bytes()).hexdigest() != name:
                return False
        except OSError:
            return False
        self._now.pieces[name] = mark
        return True

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name
