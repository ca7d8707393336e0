"""`telltale backup`: the log of an embedded stack into a folder, while it runs."""

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from domain.topics import TOPICS
from infra.host.backup.manifest import NAME as MANIFEST
from infra.host.backup.manifest import Manifest, NoBackup, PartitionRange, read_manifest, write_manifest
from infra.host.backup.pieces import PIECE_BYTES, Advance, Pieces
from infra.host.backup.segments import SUFFIX, base_offset, next_offset
from infra.host.backup.snapshot import (
    Snapshot,
    backup_lock,
    files_of_snapshot,
    forget_snapshot,
    snapshot_if_wanted,
    wait_for_snapshot,
    want_snapshot,
)
from infra.host.embedded.home import Home
from infra.host.embedded.jars import locked_jars
from infra.host.supervisor.control import AlreadyRunning, end_orphans, held, is_held
from infra.host.supervisor.state import PartState, read_status

STILL_WITHIN_S: Final = 60.0
BACK_WITHIN_S: Final = 180.0
_IDENTITY: Final = "partition.metadata"


class NothingToBackUp(Exception):
    """There is no log in this home."""


class BackupRunning(Exception):
    """Another backup of this home is under way."""


class BackupWouldLose(Exception):
    """The folder holds a backup of another log, or one that has what this log no longer has."""


@dataclass(frozen=True, slots=True)
class BackupTaken:
    """What the folder holds now; `written`: how many of its bytes were new in it; `mended`: damaged pieces replaced."""

    manifest: Manifest
    written: int
    mended: int = 0


def take_backup(
    home: Home, folder: Path, *, expect: Callable[[int], None], advance: Advance, report: Callable[[str, str], None]
) -> BackupTaken:
    """Bring the folder up to the log as it is now; `expect` hears of the bytes there are, `advance` of those done.

    0. See that the folder holds no backup of another log: it would be destroyed.
    1. Hold the backup's lock and ask for a snapshot.
    2. Let the broker stand still: its supervisor is asked to stop it and finds the wish before it starts it again
       (`snapshot_if_wanted`); without a supervisor the log stands still already. All partitions are cut at one moment,
       so offsets, ledger, transactions and their markers agree.
    3. See that no partition has lost what the folder's backup has of it. Copy the linked files while the broker goes
       on; pieces that the folder has, and that are sound, are not written again.
    4. Replace the manifest in one step: only now the folder holds this backup. Remove pieces nobody needs any more.
    5. Return once the broker answers again, if it was made to stand still: who asks next finds it.
    A crash before 4 leaves the backup that was there; a broker that stands still is started again in any case.

    Raises:
        NothingToBackUp: there is no log.
        BackupRunning: another one is under way.
        BackupWouldLose: the backup that the folder holds is another log's, or has more than this log; it stays.
        SnapshotFailed: the log could not be linked.
        OSError: the folder can't be written.
    """
    if not (home.path / "kafka" / "data" / "meta.properties").exists():
        raise NothingToBackUp(f"there is no log in {home.path}")
    before = _backup_there(home, folder)  # Step 0
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with held(backup_lock(home)):  # Step 1
            try:
                snapshot = _stand_still(home, report)  # Step 2
                taken = _save(home, snapshot, folder, before, expect=expect, advance=advance)
                _wait_for_broker(home, report)  # Step 5
                return taken
            finally:
                forget_snapshot(home)
    except AlreadyRunning as other:
        raise BackupRunning(f"another backup of {home.path} is under way") from other


def _stand_still(home: Home, report: Callable[[str, str], None]) -> Snapshot:
    mine = str(uuid4())
    want_snapshot(home, mine)
    try:
        with held(home.lock):
            end_orphans(home.state, report=report)
            snapshot_if_wanted(home)
    except AlreadyRunning:
        _end_broker(home)
    return wait_for_snapshot(home, mine, deadline_s=STILL_WITHIN_S, waiting=lambda: None)


def _end_broker(home: Home) -> None:
    """Ask the broker to end well; its supervisor starts it again at once."""
    status = read_status(home.state)
    broker = next((part.process for part in status.parts if part.name == "kafka"), None) if status else None
    if broker is not None and broker.is_alive():
        os.kill(broker.pid, signal.SIGTERM)


def _wait_for_broker(home: Home, report: Callable[[str, str], None]) -> None:
    deadline = time.monotonic() + BACK_WITHIN_S
    while is_held(home.lock):
        status = read_status(home.state)
        broker = next((part for part in status.parts if part.name == "kafka"), None) if status else None
        if broker is None or broker.state is PartState.READY:
            return
        if time.monotonic() > deadline:
            report(
                "kafka", f"is not back after {BACK_WITHIN_S:.0f} s ({broker.state}); the backup is whole all the same"
            )
            return
        time.sleep(0.1)


def _save(
    home: Home,
    snapshot: Snapshot,
    folder: Path,
    before: Manifest | None,
    *,
    expect: Callable[[int], None],
    advance: Advance,
) -> BackupTaken:
    source, pieces = files_of_snapshot(home), Pieces(folder)
    partitions = partition_ranges(source, snapshot.sizes)
    if before is not None:
        _refuse_loss(before.partitions, partitions, folder)
    expect(sum(snapshot.sizes.values()))
    files = tuple(  # Step 3
        pieces.save(source / path, path=path, size=size, advance=advance) for path, size in snapshot.sizes.items()
    )
    manifest = Manifest(
        taken_at=snapshot.taken_at,
        cluster_id=_property(source / "meta.properties", "cluster.id", "="),
        kafka=next(jar.coordinates.split(":")[2] for jar in locked_jars("kafka") if ":kafka_2.13:" in jar.coordinates),
        clean=snapshot.clean,
        piece_bytes=PIECE_BYTES,
        partitions=partitions,
        files=files,
    )
    write_manifest(folder, manifest)  # Step 4
    pieces.keep_only(files)
    return BackupTaken(manifest, pieces.written, len(pieces.mended))


def _backup_there(home: Home, folder: Path) -> Manifest | None:
    """Return the backup that the folder holds, which is one of this very log; None when it holds none."""
    if not (folder / MANIFEST).exists():
        return None
    try:
        before = read_manifest(folder)
    except NoBackup as unreadable:
        raise BackupWouldLose(f"{unreadable}: whose it is can't be told") from unreadable
    mine = _property(home.path / "kafka" / "data" / "meta.properties", "cluster.id", "=")
    if before.cluster_id != mine:
        raise BackupWouldLose(
            f"the folder holds a backup of another log, taken at {before.taken_at} (cluster {before.cluster_id}; the "
            f"log of {home.path} is {mine})"
        )
    return before


def _refuse_loss(before: Sequence[PartitionRange], now: Sequence[PartitionRange], folder: Path) -> None:
    """Raise BackupWouldLose if the folder's backup has records that the log no longer has."""
    there = {(one.topic, one.partition): one for one in now}
    for had in before:
        has = there.get((had.topic, had.partition))
        place = f"{had.topic}/{had.partition}"
        span = f"{had.first_offset:,} to {had.next_offset:,}"
        if has is None or has.topic_id != had.topic_id:
            if had.next_offset > had.first_offset:
                raise BackupWouldLose(f"the backup in {folder} has {place} from {span}, and the log no longer has it")
        elif has.next_offset < had.next_offset or (had.topic in TOPICS and has.first_offset > had.first_offset):
            held = f"{has.first_offset:,} to {has.next_offset:,}"
            raise BackupWouldLose(f"the backup in {folder} has {place} from {span}, the log only from {held}")


def partition_ranges(data: Path, sizes: Mapping[str, int]) -> tuple[PartitionRange, ...]:
    """Return what a log's folder holds of each partition; `sizes` has the bytes of each file that count."""
    segments: dict[str, list[str]] = {}
    for path in sorted(sizes):
        if path.endswith(SUFFIX) and "/" in path:
            segments.setdefault(path.partition("/")[0], []).append(path)
    found = []
    for name, paths in segments.items():
        topic, _, partition = name.rpartition("-")
        found.append(
            PartitionRange(
                topic=topic,
                partition=int(partition),
                topic_id=_property(data / name / _IDENTITY, "topic_id", ":"),
                first_offset=base_offset(data / paths[0]),
                next_offset=next_offset(data / paths[-1], size=sizes[paths[-1]]),
                size=sum(sizes[path] for path in paths),
            )
        )
    return tuple(found)


def _property(file: Path, name: str, separator: str) -> str:
    lines = (line.partition(separator) for line in file.read_text("utf-8").splitlines())
    return next((value.strip() for found, _, value in lines if found.strip() == name), "")
