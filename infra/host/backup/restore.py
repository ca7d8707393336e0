"""`telltale restore`: a backup becomes the log of a home that has none."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from domain.topics import TOPICS
from infra.host.backup.manifest import Manifest, read_manifest
from infra.host.backup.pieces import Advance, Pieces
from infra.host.backup.segments import SUFFIX
from infra.host.backup.take import partition_ranges
from infra.host.embedded.home import Home
from infra.host.supervisor.control import held


class LogHasRecords(Exception):
    """The home has a log of its own, which a restore would replace."""


class RangesDiffer(Exception):
    """The restored segments do not hold the offsets that the manifest names."""


def check_backup(folder: Path, *, expect: Callable[[int], None], advance: Advance) -> Manifest:
    """Return a backup's manifest once every piece is seen to be sound.

    Raises:
        NoBackup: the folder holds none.
        BackupDamaged: a file of it is missing or changed.
    """
    manifest = read_manifest(folder)
    expect(manifest.size)
    pieces = Pieces(folder)
    for file in manifest.files:
        pieces.read(file, write=len, advance=advance)
    return manifest


def restore_backup(home: Home, folder: Path, *, expect: Callable[[int], None], advance: Advance) -> Manifest:
    """Make a backup the log of this home and return its manifest.

    1. Hold the home, so that nothing runs in it; refuse where its log has records.
    2. Write every file beside the log's place, each piece checked against the manifest first.
    3. Compare each partition's range of offsets with the manifest's.
    4. Move the folder to its place in one step. The next `telltale up` starts it: Kafka checks every batch, the
       registry reads its schemas, scorers go on at their committed offsets, and read models are made from it.
    A crash before 4 leaves a folder `restoring` that the next restore removes, and no log.

    Raises:
        AlreadyRunning: the stack of this home is up.
        LogHasRecords: there is a log that would be lost.
        NoBackup, BackupDamaged, RangesDiffer: the backup is not whole; nothing was changed.
    """
    manifest = read_manifest(folder)
    home.create()
    with held(home.lock):  # Step 1
        data = home.folder("kafka") / "data"
        if has_records(data):
            raise LogHasRecords(f"{data} holds a log with records")
        half = home.path / "kafka" / "restoring"
        shutil.rmtree(half, ignore_errors=True)
        expect(manifest.size)
        _write(half, Pieces(folder), manifest, advance)  # Step 2
        _compare(half, manifest)  # Step 3
        shutil.rmtree(data, ignore_errors=True)
        half.rename(data)  # Step 4
    return manifest


def has_records(data: Path) -> bool:
    """Return whether a log's folder holds a record in any topic of events."""
    return any(segment.stat().st_size > 0 for topic in TOPICS for segment in data.glob(f"{topic}-*/*{SUFFIX}"))


def _write(target: Path, pieces: Pieces, manifest: Manifest, advance: Advance) -> None:
    for file in manifest.files:
        path = target / file.path
        if not path.resolve().is_relative_to(target.resolve()):
            raise RangesDiffer(f"the manifest names a file outside the log: {file.path}")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("wb") as out:
            pieces.read(file, write=out.write, advance=advance)
            out.flush()
            os.fsync(out.fileno())


def _compare(target: Path, manifest: Manifest) -> None:
    there = {(one.topic, one.partition): one for one in partition_ranges(target, _sizes(target))}
    for named in manifest.partitions:
        found = there.get((named.topic, named.partition))
        if found != named:
            raise RangesDiffer(f"{named.topic}/{named.partition}: the manifest names {named}, the files hold {found}")


def _sizes(target: Path) -> dict[str, int]:
    return {path.relative_to(target).as_posix(): path.stat().st_size for path in target.rglob(f"*{SUFFIX}")}
