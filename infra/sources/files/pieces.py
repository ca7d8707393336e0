"""Which files a command line names: files, folders, patterns and standard input, in order."""

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from infra.sources.files.opening import NotATable

STDIN = "-"
_PATTERN = re.compile(r"[*?\[]")


@contextmanager
def pieces_of(words: Sequence[str], stdin: IO[bytes]) -> Iterator[list[Path]]:
    """Give the files that words name, each once: those of a folder or a pattern in the order people count.

    Standard input (`-`) is kept in a file for as long as the context lasts, since files are read more than once.

    Raises:
        NotATable: a folder or a pattern holds no file.
    """
    with TemporaryDirectory(prefix="telltale-") as folder:
        found: list[Path] = []
        for word in words:
            found += [_kept(stdin, Path(folder))] if word == STDIN else _named(word)
        yield list(dict.fromkeys(found))


def _named(word: str) -> list[Path]:
    path = Path(word)
    if path.is_dir():
        inside = [one for one in path.iterdir() if one.is_file() and not one.name.startswith(".")]
        if not inside:
            raise NotATable(f"{path} is a folder without files")
        return sorted(inside, key=_as_counted)
    if path.exists() or not _PATTERN.search(word):
        return [path]
    root = Path(path.anchor or ".")
    matching = [one for one in root.glob(str(path.relative_to(path.anchor))) if one.is_file()]
    if not matching:
        raise NotATable(f"no file matches {word}")
    return sorted(matching, key=_as_counted)


def _as_counted(path: Path) -> list[tuple[int, str]]:
    """Return a sort key by which day-2 comes before day-10."""
    parts = re.split(r"(\d+)", str(path))
    return [(int(part), "") if part.isdigit() else (0, part.lower()) for part in parts]


def _kept(stdin: IO[bytes], folder: Path) -> Path:
    path = folder / "stdin"
    with path.open("wb") as file:
        shutil.copyfileobj(stdin, file, 1 << 20)
    return path
