import hashlib
import shutil
import struct
from pathlib import Path
from types import SimpleNamespace

import pytest

from infra.host.backup.manifest import Manifest, NoBackup, read_manifest, write_manifest
from infra.host.backup.pieces import PIECE_BYTES, BackupDamaged, Pieces
from infra.host.backup.restore import LogHasRecords, restore_backup
from infra.host.backup.segments import next_offset
from infra.host.backup.snapshot import backup_lock, files_of_snapshot, snapshot_if_wanted, want_snapshot
from infra.host.backup.take import BackupWouldLose, partition_ranges, take_backup
from infra.host.embedded.home import Home
from infra.host.supervisor.control import held


def nothing(*_: object) -> None:
    """Hear and do nothing."""


def a_batch_of(base: int, records: int, length: int = 100) -> bytes:
    """Return bytes with the header of a record batch."""
    header = struct.pack(">qiibIhi", base, length - 12, 0, 2, 0, 0, records - 1)
    return header.ljust(length, b"x")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home whose log ended well, with two partitions; one has two segments."""
    home = Home(tmp_path / "home")
    home.create()
    data = home.folder("kafka") / "data"
    log: dict[str, dict[int, list[bytes]]] = {
        "sensor-events-0": {0: [a_batch_of(0, 5), a_batch_of(5, 2)], 7: [a_batch_of(7, 1)]},
        "skips-0": {0: []},
    }
    for name, segments in log.items():
        (data / name).mkdir(parents=True)
        (data / name / "partition.metadata").write_text(f"version: 0\ntopic_id: id-of-{name}\n")
        for base, batches in segments.items():
            (data / name / f"{base:020}.log").write_bytes(b"".join(batches))
            (data / name / f"{base:020}.index").write_bytes(b"made again")
    (data / "meta.properties").write_text("cluster.id=abc\n")
    (data / ".kafka_cleanshutdown").touch()
    return home


def backed_up(home: Home, folder: Path) -> int:
    """Return how many bytes a backup wrote."""
    return take_backup(home, folder, expect=nothing, advance=nothing, report=nothing).written


def first_segment(home: Home) -> Path:
    return home.path / "kafka" / "data" / "sensor-events-0" / f"{7:020}.log"


def test_a_torn_end_is_not_counted(tmp_path: Path) -> None:
    whole = a_batch_of(10, 3) + a_batch_of(13, 4)
    segment = tmp_path / f"{10:020}.log"
    segment.write_bytes(whole + a_batch_of(17, 1)[:70])
    assert next_offset(segment, size=segment.stat().st_size) == 17
    assert next_offset(segment, size=100) == 13
    assert next_offset(segment, size=0) == 10


def test_a_backup_names_what_it_holds_and_leaves_indexes_out(home: Home, tmp_path: Path) -> None:
    backed_up(home, tmp_path / "backup")
    manifest = read_manifest(tmp_path / "backup")
    (readings, skips) = sorted(manifest.partitions, key=lambda one: one.topic)
    assert (readings.first_offset, readings.next_offset, readings.topic_id) == (0, 8, "id-of-sensor-events-0")
    assert (skips.first_offset, skips.next_offset) == (0, 0)
    assert not any(file.path.endswith((".index", ".kafka_cleanshutdown")) for file in manifest.files)
    assert manifest.clean


def test_a_second_backup_writes_only_what_is_new_and_drops_what_nobody_needs(home: Home, tmp_path: Path) -> None:
    full = a_batch_of(7, 1, length=PIECE_BYTES)
    first_segment(home).write_bytes(full)
    assert backed_up(home, tmp_path / "backup") > PIECE_BYTES
    more = a_batch_of(8, 1)
    first_segment(home).write_bytes(full + more)
    assert backed_up(home, tmp_path / "backup") == len(more)
    first_segment(home).write_bytes(a_batch_of(7, 3))
    backed_up(home, tmp_path / "backup")
    kept = sum(path.stat().st_size for path in (tmp_path / "backup" / "pieces").rglob("*") if path.is_file())
    assert kept < PIECE_BYTES


def test_what_the_broker_appends_after_the_snapshot_is_not_in_it(home: Home, tmp_path: Path) -> None:
    with held(backup_lock(home)):
        want_snapshot(home, "me")
        snapshot_if_wanted(home)
        with first_segment(home).open("ab") as segment:
            segment.write(a_batch_of(8, 9))
        (first_segment(home).parent / f"{0:020}.log").unlink()
    files = files_of_snapshot(home)
    sizes = {
        path.relative_to(files).as_posix(): 100 if path.name == first_segment(home).name else path.stat().st_size
        for path in files.rglob("*")
        if path.is_file()
    }
    (readings,) = [one for one in partition_ranges(files, sizes) if one.topic == "sensor-events"]
    assert (readings.first_offset, readings.next_offset) == (0, 8)


def test_after_a_broker_that_was_killed_the_last_segments_are_copied(home: Home) -> None:
    (home.path / "kafka" / "data" / ".kafka_cleanshutdown").unlink()
    with held(backup_lock(home)):
        want_snapshot(home, "me")
        snapshot_if_wanted(home)
    linked = files_of_snapshot(home) / "sensor-events-0"
    assert not (linked / first_segment(home).name).samefile(first_segment(home))
    assert (linked / f"{0:020}.log").samefile(first_segment(home).parent / f"{0:020}.log")


def test_the_wish_of_a_backup_that_was_killed_is_dropped(home: Home) -> None:
    want_snapshot(home, "one that is gone")
    snapshot_if_wanted(home)
    assert not files_of_snapshot(home).exists()
    assert not (home.path / "kafka" / "snapshot-wanted").exists()


def test_a_restored_log_is_the_one_that_was_backed_up(home: Home, tmp_path: Path) -> None:
    backed_up(home, tmp_path / "backup")
    fresh = Home(tmp_path / "fresh")
    restore_backup(fresh, tmp_path / "backup", expect=nothing, advance=nothing)
    there = fresh.path / "kafka" / "data"
    assert (there / "sensor-events-0" / first_segment(home).name).read_bytes() == first_segment(home).read_bytes()
    assert not (there / ".kafka_cleanshutdown").exists(), "or Kafka would not check the batches"


def test_a_log_with_records_is_never_replaced(home: Home, tmp_path: Path) -> None:
    backed_up(home, tmp_path / "backup")
    with pytest.raises(LogHasRecords):
        restore_backup(home, tmp_path / "backup", expect=nothing, advance=nothing)


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_damaged_file_is_named_and_nothing_is_restored(home: Home, tmp_path: Path, damage: str) -> None:
    backed_up(home, tmp_path / "backup")
    file = next(f for f in read_manifest(tmp_path / "backup").files if f.path.endswith(first_segment(home).name))
    piece = tmp_path / "backup" / "pieces" / file.pieces[0][:2] / file.pieces[0]
    if damage == "changed":
        piece.write_bytes(piece.read_bytes()[:-1] + b"?")
    else:
        piece.unlink()
    fresh = Home(tmp_path / "fresh")
    with pytest.raises(BackupDamaged, match=rf"sensor-events-0/{first_segment(home).name} .*{damage}"):
        restore_backup(fresh, tmp_path / "backup", expect=nothing, advance=nothing)
    assert not (fresh.path / "kafka" / "data").exists()


def test_a_folder_without_a_whole_backup_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(NoBackup, match="no manifest"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(NoBackup, match="damaged"):
        read_manifest(tmp_path)


def test_a_backup_that_ends_early_leaves_the_one_before(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backed_up(home, tmp_path / "backup")
    before = read_manifest(tmp_path / "backup")
    first_segment(home).write_bytes(a_batch_of(7, 1) + a_batch_of(8, 1))
    saved = Pieces.save

    def disk_full(self: Pieces, source: Path, **rest: object) -> object:
        if source.name == first_segment(home).name:
            raise OSError(28, "No space left on device")
        return saved(self, source, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Pieces, "save", disk_full)
    with pytest.raises(OSError, match="No space"):
        backed_up(home, tmp_path / "backup")
    assert read_manifest(tmp_path / "backup") == before
    fresh = Home(tmp_path / "fresh")
    assert restore_backup(fresh, tmp_path / "backup", expect=nothing, advance=nothing) == before


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    manifest = Manifest(
        taken_at="2026-03-09T12:00:00+00:00",
        cluster_id="abc",
        kafka="4.3.1",
        clean=True,
        piece_bytes=1,
        partitions=(),
        files=(),
    )
    write_manifest(tmp_path, manifest)
    assert read_manifest(tmp_path) == manifest


def piece_of(folder: Path, name: str) -> Path:
    """Return the first piece of a file of the log."""
    file = next(file for file in read_manifest(folder).files if file.path.endswith(name))
    return folder / "pieces" / file.pieces[0][:2] / file.pieces[0]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_backup_of_another_log_in_the_folder_is_refused_and_stays_as_it_was(home: Home, tmp_path: Path) -> None:
    backed_up(home, tmp_path / "backup")
    before = contents(tmp_path / "backup")
    (home.path / "kafka" / "data" / "meta.properties").write_text("cluster.id=another\n")
    with pytest.raises(BackupWouldLose, match=r"another log.*cluster abc.*is another"):
        backed_up(home, tmp_path / "backup")
    assert contents(tmp_path / "backup") == before


@pytest.mark.parametrize("loss", ["shorter", "gone", "made anew"])
def test_a_log_that_has_lost_records_never_replaces_the_backup_that_has_them(
    home: Home, tmp_path: Path, loss: str
) -> None:
    backed_up(home, tmp_path / "backup")
    before = contents(tmp_path / "backup")
    partition = first_segment(home).parent
    if loss == "shorter":
        first_segment(home).unlink()
    elif loss == "gone":
        shutil.rmtree(partition)
    else:
        (partition / "partition.metadata").write_text("version: 0\ntopic_id: another\n")
    with pytest.raises(BackupWouldLose, match=r"sensor-events/0 from 0 to 8"):
        backed_up(home, tmp_path / "backup")
    assert contents(tmp_path / "backup") == before


def test_a_backup_whose_table_of_contents_can_not_be_read_is_not_written_over(home: Home, tmp_path: Path) -> None:
    backed_up(home, tmp_path / "backup")
    (tmp_path / "backup" / "manifest.json").write_text('{"format": 9}')
    with pytest.raises(BackupWouldLose, match="format 9"):
        backed_up(home, tmp_path / "backup")


def test_a_damaged_piece_of_the_same_size_is_noticed_and_written_anew(home: Home, tmp_path: Path) -> None:
    backed_up(home, tmp_path / "backup")
    piece = piece_of(tmp_path / "backup", first_segment(home).name)
    sound = piece.read_bytes()
    piece.write_bytes(sound[:-1] + b"?")
    taken = take_backup(home, tmp_path / "backup", expect=nothing, advance=nothing, report=nothing)
    assert (taken.mended, taken.written, piece.read_bytes()) == (1, len(sound), sound)
    restore_backup(Home(tmp_path / "fresh"), tmp_path / "backup", expect=nothing, advance=nothing)


def test_what_was_hashed_and_not_changed_since_is_not_read_again(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backed_up(home, tmp_path / "backup")
    hashed: list[int] = []

    def counted(content: bytes) -> object:
        hashed.append(len(content))
        return hashlib.sha256(content)

    monkeypatch.setattr("infra.host.backup.pieces.hashlib", SimpleNamespace(sha256=counted))
    first_segment(home).write_bytes(a_batch_of(7, 1) + a_batch_of(8, 1) + a_batch_of(9, 1))
    assert backed_up(home, tmp_path / "backup") == 300
    assert [size for size in hashed if size >= 100] == [300], "the other segment has 200 bytes"
