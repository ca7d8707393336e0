"""Parts that people have stopped while the stack runs: `telltale stop` writes them down, the supervisor keeps to it.

The file is a wish and no state: the supervisor reads it several times a second, and forgets all of it when it begins.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from infra.files import write_private


def read_rests(path: Path) -> frozenset[str]:
    """Return the names of the parts that are to rest."""
    try:
        return frozenset(json.loads(path.read_text("utf-8")))
    except (FileNotFoundError, ValueError):
        return frozenset()


def write_rests(path: Path, names: Iterable[str]) -> None:
    """Replace the wish in one step."""
    write_private(path, json.dumps(sorted(names)) + "\n")
