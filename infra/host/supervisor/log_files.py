"""Log files of the parts: each part appends to its own; the supervisor keeps them from growing without end."""

import json
from collections.abc import Iterable
from pathlib import Path
from shutil import copyfile
from typing import Final

LARGEST_BYTES: Final = 10_000_000
KEPT: Final = 3
"""Older files kept per part: name.log.1 is the newest of them."""

_LOOKED_THROUGH: Final = 65_536
_LONGEST_ERROR: Final = 500
_ADVICE: Final = ("  where ", "  next ")
"""How the lines of a failure begin that say where it is and what to do: not the failure itself."""


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


def last_error(log: Path, *, since: int) -> str | None:
    """Return what a part said was wrong, from the lines after byte `since`; None when it said nothing.

    That is the last line of a traceback or of a failure told to people, without the lines on where and what next.
    """
    if not log.exists():
        return None
    size = log.stat().st_size
    with log.open("rb") as file:
        file.seek(max(0, since if since <= size else 0, size - _LOOKED_THROUGH))
        lines = file.read().decode("utf-8", errors="replace").splitlines()
    told = [line.strip() for line in lines if line.strip() and not line.startswith(_ADVICE)]
    return _plain(told[-1])[:_LONGEST_ERROR] if told else None


def _plain(line: str) -> str:
    """Return the event and the reason of a line of JSON, other lines as they are."""
    try:
        told = json.loads(line)
    except ValueError:
        return line
    if not isinstance(told, dict):
        return line
    reasons = (told.get(name) for name in ("event", "cause", "error", "exception"))
    return ": ".join(str(reason).strip().splitlines()[-1] for reason in reasons if reason) or line


def _aged(log: Path, age: int) -> Path:
    return log.with_name(f"{log.name}.{age}")
