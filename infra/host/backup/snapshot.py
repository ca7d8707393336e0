"""The log at one moment: taken while the broker stands still, which is all that it has to stand still for.

Segments are linked, not copied: Kafka only ever appends to them or replaces them by others, so the first bytes of a
linked one stay as they are while the broker goes on. What it changes in place is copied. Indexes are left out, since
Kafka makes them again from the segments; so is the word that it ended well, so that its next start on a copy checks
every batch. After a broker that did not end well the last segment of each partition is copied too: the next start may
cut off its end.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from infra.files import write_private
from infra.host.backup.segments import SUFFIX
from infra.host.embedded.home import Home
from infra.host.supervisor.control import is_held

_DESCRIPTION: Final = "snapshot.json"
_FILES: Final = "files"
_CLEAN: Final = ".kafka_cleanshutdown"
_LEFT_OUT: Final = frozenset({".lock", _CLEAN, "recovery-point-offset-checkpoint"})
_LEFT_OUT_SUFFIXES: Final = frozenset({".index", ".timeindex", ".deleted", ".cleaned", ".swap", ".tmp"})


class SnapshotFailed(Exception):
    """The log was not linked; the broker goes on all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A linked log: where its files are and how many bytes of each belong to it."""

    wanted_by: str
    taken_at: str
    clean: bool
    sizes: dict[str, int]
    failure: str | None = None


def backup_lock(home: Home) -> Path:
    """Return the file a running backup holds locked."""
    return home.path / "backup.lock"


def files_of_snapshot(home: Home) -> Path:
    """Return the folder of the linked files."""
    return _folder(home) / _FILES


def want_snapshot(home: Home, wanted_by: str) -> None:
    """Ask for a snapshot when the broker next stands still; the asker holds the backup's lock until it is done."""
    forget_snapshot(home)
    home.folder("kafka")
    write_private(_wanted(home), wanted_by)


def forget_snapshot(home: Home) -> None:
    """Take back the wish and remove what was linked."""
    _wanted(home).unlink(missing_ok=True)
    shutil.rmtree(_folder(home), ignore_errors=True)


def wait_for_snapshot(home: Home, wanted_by: str, *, deadline_s: float, waiting: Callable[[], None]) -> Snapshot:
    """Return the snapshot once it is there.

    Raises:
        SnapshotFailed: it could not be taken, or not in time.
    """
    deadline = time.monotonic() + deadline_s
    description = _folder(home) / _DESCRIPTION
    while time.monotonic() < deadline:
        if description.exists():
            snapshot = Snapshot(**json.loads(description.read_text()))
            if snapshot.wanted_by == wanted_by:
                if snapshot.failure is not None:
                    raise SnapshotFailed(snapshot.failure)
                return snapshot
        waiting()
        time.sleep(0.05)
    raise SnapshotFailed(f"the broker did not stand still within {deadline_s:.0f} s")


def snapshot_if_wanted(home: Home) -> None:
    """Link the log if a living backup waits for it. Call only while no broker runs in this home. Never raises."""
    wanted = _wanted(home)
    if not wanted.exists():
        return
    try:
        if is_held(backup_lock(home)):
            _take(home, wanted.read_text())
        else:
            shutil.rmtree(_folder(home), ignore_errors=True)  # who wanted it was killed
        wanted.unlink(missing_ok=True)
    except OSError as failure:
        _say_failed(home, wanted, str(failure))


def _take(home: Home, wanted_by: str) -> None:
    data = home.path / "kafka" / "data"
    shutil.rmtree(_folder(home), ignore_errors=True)
    target = files_of_snapshot(home)
    clean = (data / _CLEAN).exists()
    sizes = {}
    for path in sorted(_kept(data)):
        name = path.relative_to(data).as_posix()
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.suffix == SUFFIX and (clean or path != _last_segment(path.parent)):
            os.link(path, copy)
        else:
            shutil.copyfile(path, copy)
        sizes[name] = path.stat().st_size
    snapshot = Snapshot(
        wanted_by=wanted_by,
        taken_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        clean=clean,
        sizes=sizes,
    )
    write_private(_folder(home) / _DESCRIPTION, json.dumps(asdict(snapshot)))


def _last_segment(partition: Path) -> Path:
    return max(partition.glob(f"*{SUFFIX}"))


def _kept(data: Path) -> Iterator[Path]:
    for path in data.rglob("*"):
        removed = any(part.endswith("-delete") for part in path.relative_to(data).parts[:-1])
        if path.is_file() and not removed and path.name not in _LEFT_OUT and path.suffix not in _LEFT_OUT_SUFFIXES:
            yield path


def _say_failed(home: Home, wanted: Path, failure: str) -> None:
    """Tell the waiting backup why there is no snapshot; if even that is impossible its deadline tells it."""
    try:
        wanted_by = wanted.read_text()
        wanted.unlink()
        told = Snapshot(wanted_by=wanted_by, taken_at="", clean=False, sizes={}, failure=failure)
        _folder(home).mkdir(parents=True, exist_ok=True)
        write_private(_folder(home) / _DESCRIPTION, json.dumps(asdict(told)))
    except OSError:
        return


def _wanted(home: Home) -> Path:
    return home.path / "kafka" / "snapshot-wanted"


def _folder(home: Home) -> Path:
    return home.path / "kafka" / "snapshot"
