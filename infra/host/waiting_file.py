"""Which partitions a scorer holds back, as a small file in the home: what the lights of this machine show as the cause.

The file says what the process knows about itself, so it may be old: whether readings are judged is read from the log.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from domain.positions import Position
from ml.scoring.ports import Waits

_FOLDER = "waiting"


class WaitingFile:
    """The WaitingReport of one scorer slot: `waiting/scorer-<slot>.json`; no file when nothing waits."""

    def __init__(self, home: Path, slot: int) -> None:
        self._path = home / _FOLDER / f"scorer-{slot}.json"

    def write(self, waiting: Sequence[Waits]) -> None:
        """Replace what was said before. See `WaitingReport`."""
        if not waiting:
            self._path.unlink(missing_ok=True)
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        held = [
            {"position": str(one.position), "since": one.since.isoformat(), "cause": one.cause, "then": one.then}
            for one in waiting
        ]
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(held, indent=1), encoding="utf-8")
        new.replace(self._path)


def waiting_partitions(home: Path) -> Iterator[Waits]:
    """Yield what the scorers of a home say that they hold back, in the order of their slots."""
    for path in sorted((home / _FOLDER).glob("scorer-*.json")):
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:  # nothing waits any more
            continue
        for one in held:
            yield Waits(
                position=Position.parse(one["position"]),
                since=datetime.fromisoformat(one["since"]),
                cause=one["cause"],
                then=one["then"],
            )
