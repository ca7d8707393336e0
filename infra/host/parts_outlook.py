"""The parts of this home's stack as the query API tells of them: what the supervisor wrote down, and what they take."""

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from infra.host.embedded.home import Home
from infra.host.embedded.postgres_user import system_folder
from infra.host.supervisor.child import families_memory
from infra.host.supervisor.standing import standings
from infra.host.supervisor.state import StackStatus, read_status
from query_api.outlook import StackPart

MEASURED_FOR_S: Final = 10.0
"""Memory and disk are measured at most so often: that looks at every process and every file."""


class SupervisedParts:
    """A StackOutlook over one home; where nothing was ever started it has no parts."""

    def __init__(self, home: Path) -> None:
        self._home: Final = Home(home)
        self._one_at_a_time: Final = asyncio.Lock()
        self._measured_at_s = -MEASURED_FOR_S
        self._memory: Mapping[str, int] = {}
        self._disk: Mapping[str, int] = {}

    async def parts(self) -> Sequence[StackPart]:
        """Return the parts as they stand now; what they take is up to MEASURED_FOR_S old."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._look)

    def _look(self) -> list[StackPart]:
        found = read_status(self._home.state)
        if found is None:
            return []
        if time.monotonic() - self._measured_at_s >= MEASURED_FOR_S:
            self._measured_at_s = time.monotonic()
            self._measure(found)
        return [
            StackPart(
                name=one.part.name,
                state=one.state,
                cause=one.cause,
                restarts=one.part.restarts,
                memory_bytes=self._memory.get(one.part.name),
                disk_bytes=self._disk.get(one.part.name),
            )
            for one in standings(found, lock=self._home.lock, now=datetime.now(UTC))
        ]

    def _measure(self, found: StackStatus) -> None:
        running = {part.name: part.process for part in found.parts if part.process is not None}
        self._memory = families_memory(running)
        folders = {part.name: self._home.path / part.name for part in found.parts}
        if not folders.get("postgres", self._home.path).exists():
            folders["postgres"] = system_folder(self._home)
        self._disk = {
            name: _files_bytes(folder) + _file_bytes(self._home.log(name)) for name, folder in folders.items()
        }


def _files_bytes(folder: Path) -> int:
    """Return the bytes of all files below a folder; what vanishes meanwhile or is closed to us counts nothing."""
    return sum(_file_bytes(Path(place) / name) for place, _, names in os.walk(folder) for name in names)


def _file_bytes(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
