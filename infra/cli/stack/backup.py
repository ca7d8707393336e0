"""`telltale backup` and `telltale restore`: the log into a folder, and a folder into a home without one."""

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.output import CommandFailed, JsonOption, note, print_json, print_table, say
from infra.cli.progress import Bar, progress
from infra.exit_codes import ExitCode
from infra.host.backup.manifest import Manifest, NoBackup, by_topic
from infra.host.backup.pieces import BackupDamaged
from infra.host.backup.restore import LogHasRecords, RangesDiffer, check_backup, restore_backup
from infra.host.backup.snapshot import SnapshotFailed
from infra.host.backup.take import BackupRunning, BackupWouldLose, NothingToBackUp, take_backup
from infra.host.embedded.home import Home
from infra.host.supervisor.control import AlreadyRunning
from infra.settings import home_folder

app = typer.Typer()

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the backup.")]


@app.command()
def backup(folder: FolderArgument, *, json_output: JsonOption = False) -> None:
    """Copy the log of this home, the only thing that can't be computed again, into a folder; the stack stays up.

    The broker stands still for some seconds, in which senders and processes wait; copying goes on beside it. A second
    backup into one folder writes only what is new.

    Example: telltale backup /mnt/backup/telltale
    """
    home = Home(home_folder())
    if folder.resolve().is_relative_to(home.path.resolve()):
        raise CommandFailed(
            "the backup would lie in the home that it is of", str(folder), "name a folder elsewhere", ExitCode.USAGE
        )
    try:
        with progress("backup", unit="MB") as bar:
            megabytes = _Megabytes(bar)
            taken = take_backup(
                home,
                folder,
                expect=megabytes.expect,
                advance=megabytes.advance,
                report=lambda name, what: note(f"{name:<10} {what}"),
            )
    except NothingToBackUp as nothing:
        raise CommandFailed(str(nothing), then="telltale up") from nothing
    except BackupRunning as running:
        raise CommandFailed(str(running), code=ExitCode.REFUSED) from running
    except BackupWouldLose as loss:
        raise CommandFailed(
            f"{loss}; nothing was written", str(folder), "name another folder: this one stays", ExitCode.REFUSED
        ) from loss
    except SnapshotFailed as failed:
        raise CommandFailed(str(failed), str(home.log("supervisor")), "telltale status") from failed
    except OSError as failure:
        raise CommandFailed(
            f"the backup can't be written: {failure}", str(folder), "an earlier backup there is whole still"
        ) from failure
    if json_output:
        print_json({**_as_json(taken.manifest), "written": taken.written, "mended": taken.mended})
        return
    _show(taken.manifest)
    if taken.mended:
        say(f"[bold red]{taken.mended:,} damaged pieces of the earlier backup[/] were written anew: look at its disk")
    say(f"[bold]{taken.manifest.size / 1e6:,.1f} MB[/] in {folder}, {taken.written / 1e6:,.1f} MB of them new")


@app.command()
def restore(
    folder: FolderArgument,
    *,
    check: Annotated[bool, typer.Option("--check", help="Only see whether the backup is whole.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Make a backup the log of this home, which must have none; `telltale up` then computes everything else from it.

    Example: TELLTALE_HOME=/srv/telltale telltale restore /mnt/backup/telltale
    """
    home = Home(home_folder())
    try:
        with progress("check" if check else "restore", unit="MB") as bar:
            megabytes = _Megabytes(bar)
            if check:
                manifest = check_backup(folder, expect=megabytes.expect, advance=megabytes.advance)
            else:
                manifest = restore_backup(home, folder, expect=megabytes.expect, advance=megabytes.advance)
    except NoBackup as missing:
        raise CommandFailed(str(missing), code=ExitCode.USAGE) from missing
    except (BackupDamaged, RangesDiffer) as damaged:
        raise CommandFailed(
            f"the backup is damaged: {damaged}", str(folder), "nothing was restored; use another copy of the backup"
        ) from damaged
    except LogHasRecords as refusal:
        raise CommandFailed(
            f"{refusal}: a restore never replaces one",
            then="set TELLTALE_HOME to a new folder; or `telltale reset` throws that log away",
            code=ExitCode.REFUSED,
        ) from refusal
    except AlreadyRunning as running:
        raise CommandFailed(
            "the stack of this home is up", str(home.path), "telltale down", ExitCode.REFUSED
        ) from running
    if json_output:
        print_json(_as_json(manifest))
        return
    _show(manifest)
    if check:
        say(f"whole: {manifest.size / 1e6:,.1f} MB, the log of {manifest.taken_at}")
    else:
        say(f"{home.path} holds the log of {manifest.taken_at}; `telltale up` goes on from there")


def _as_json(manifest: Manifest) -> dict[str, object]:
    return {
        "taken_at": manifest.taken_at,
        "cluster_id": manifest.cluster_id,
        "kafka": manifest.kafka,
        "clean": manifest.clean,
        "bytes": manifest.size,
        "partitions": manifest.partitions,
    }


def _show(manifest: Manifest) -> None:
    print_table(
        ("topic", "partitions", "offsets", "MB"),
        [
            (
                topic,
                len(partitions),
                f"{sum(one.next_offset - one.first_offset for one in partitions):,}",
                f"{sum(one.size for one in partitions) / 1e6:,.1f}",
            )
            for topic, partitions in by_topic(manifest.partitions).items()
        ],
    )


class _Megabytes:
    """Counts bytes and tells a bar whole megabytes."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._bytes = 0
        self._told = 0

    def expect(self, total: int) -> None:
        """Say how many there are."""
        self._bar.set_total(-(-total // 1_000_000))

    def advance(self, count: int) -> None:
        """Say that so many more are done."""
        self._bytes += count
        whole = -(-self._bytes // 1_000_000)
        self._bar.advance(whole - self._told)
        self._told = whole
