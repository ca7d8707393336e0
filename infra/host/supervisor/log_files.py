"""Log files of the parts: each part appends to its own; the supervisor keeps them from growing without end."""

from collections.abc import Iterable
from pathlib import Path
from shutil import copyfile
from typing import Final

LARGEST_BYTES: Final = 10_000_000
KEPT: Final = 3
"""Older files kept per part: name.log.1 is the newest of them."""


def rotate(logs: Iterable[Path], *, largest_bytes: int = LARGEST_BYTES) -> None:
    """Copy each log that is too large to name.log.1 and empty it.

    Emptied rather than renamed: the part goes on writing to the file it has open, at its end, supervisor or not. Lines
    written between copy and emptying are lost, which is the price of parts that outlive their supervisor.
    """
    for log in logs:
        if not log.exists() or log.stat().st_size <= largest_bytes:
            continue
        for age in range(KEPT - 1, 0, -1):
            older = _aged(log, age)
            if older.exists():
                older.replace(_aged(log, age + 1))
        copyfile(log, _aged(log, 1))
        with log.open("r+b") as file:
            file.truncate(0)


def last_lines(log: Path, *, count: int = 12) -> str:
    """Return the last lines of a log, from its last 64 kB."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 65_536))
        lines = file.read().decode("utf-8", errors="replace").splitlines()
    return "\n".join(lines[-count:])


def _aged(log: Path, age: int) -> Path:
    return log.with_name(f"{log.name}.{age}")
