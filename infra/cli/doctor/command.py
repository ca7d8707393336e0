"""`telltale doctor`: looks at what Telltale needs, and says for each thing that is missing how to get it."""

import os
import platform
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import typer

from infra.cli.doctor import champions as doctor_champions
from infra.cli.doctor import log as doctor_log
from infra.cli.doctor.control_topics import control_topics
from infra.cli.doctor.finding import Check, Finding
from infra.cli.output import JsonOption, print_json, print_table
from infra.exit_codes import ExitCode
from infra.host.disk_forecast import forecast
from infra.host.embedded.home import Home
from infra.host.embedded.jars import is_sound, locked_jars
from infra.host.embedded.java import JavaPrograms, cache_folder
from infra.host.embedded.network_ports import check_ports_free, remembered_ports
from infra.host.supervisor.control import is_held
from infra.log_disk import log_disk
from infra.settings import Settings, home_folder, load_settings
from infra.words import in_words

DISK_BYTES = 3_000_000_000
MEMORY_BYTES = 3_000_000_000
JAVA_VERSION = 17

app = typer.Typer()


@app.command()
def doctor(*, json_output: JsonOption = False) -> None:
    """Check what Telltale needs; exit 1 if something is missing.

    Example: telltale doctor
    """
    home = Home(home_folder())
    settings = load_settings()
    findings = [finding for look in CHECKS for finding in look(home, settings)]
    if json_output:
        print_json(findings)
    else:
        print_table(
            ("check", "", "found", "needed", "fix"),
            [
                (f.check, "ok" if f.good else "NO", in_words(f.found), f.needed, "" if f.good else f.fix)
                for f in findings
            ],
        )
    raise typer.Exit(ExitCode.YES if all(finding.good for finding in findings) else ExitCode.NO)


def _platform(_home: Home, settings: Settings) -> Iterator[Finding]:
    found = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    good = (platform.system() == "Linux" and platform.machine() in {"x86_64", "aarch64"}) or settings.java is not None
    fix = "use Linux on x86-64, or name services of your own in .env"
    yield Finding("platform", good and sys.version_info >= (3, 11), found, "Linux, Python 3.11", fix)


def _java(home: Home, settings: Settings) -> Iterator[Finding]:
    java = JavaPrograms(home, settings, _Silent()).java
    fix = "set TELLTALE_JAVA to a Java of version 17 or newer"
    needed = f"version {JAVA_VERSION} or newer"
    try:
        said = subprocess.run([str(java), "-version"], capture_output=True, text=True, timeout=30, check=True).stderr
    except (OSError, subprocess.SubprocessError) as failure:
        yield Finding("java", False, f"{java}: {failure}", needed, fix)
        return
    quoted = said.split('"')
    version = quoted[1] if len(quoted) > 2 else "unknown"
    good = version.split(".")[0].isdigit() and int(version.split(".")[0]) >= JAVA_VERSION
    yield Finding("java", good, version, needed, fix)


def _disk(home: Home, settings: Settings) -> Iterator[Finding]:
    fix = "free some space, or set TELLTALE_HOME to a folder on another disk"
    disk = log_disk(settings)
    if disk is not None:
        told = forecast(disk, settings)
        yield Finding("disk", told.free >= told.reserve, str(told), f"{disk.reserve / 1e9:.1f} GB", fix)
        return
    there = next(folder for folder in (home.path, *home.path.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    yield Finding("disk", free >= DISK_BYTES, f"{free / 1e9:.1f} GB free", f"{DISK_BYTES / 1e9:.0f} GB", fix)


def _memory(home: Home, _settings: Settings) -> Iterator[Finding]:
    free = psutil.virtual_memory().available
    good = free >= MEMORY_BYTES or is_held(home.lock)
    fix = "end other programs, or use `telltale up --light`"
    yield Finding("memory", good, f"{free / 1e9:.1f} GB available", f"{MEMORY_BYTES / 1e9:.0f} GB", fix)


def _database_user(_home: Home, _settings: Settings) -> Iterator[Finding]:
    if os.geteuid() != 0:
        yield Finding("database user", True, f"uid {os.geteuid()}", "any but root", "")
        return
    good = any(user.pw_name == "nobody" for user in pwd.getpwall())
    yield Finding("database user", good, "root", "a user nobody", "run Telltale as an ordinary user")


def _jars(home: Home, settings: Settings) -> Iterator[Finding]:
    folder = cache_folder(settings, home) / "jars"
    jars = [*locked_jars("kafka"), *locked_jars("registry")]
    there = [jar for jar in jars if (folder / jar.name).exists()]
    broken = [jar.name for jar in there if not is_sound(folder / jar.name, sha256=jar.sha256)]
    found = f"{len(there) - len(broken)} sound, {len(jars) - len(there)} not yet fetched"
    if broken:
        found += f", broken: {', '.join(broken)}"
    fix = "nothing to do: `telltale up` fetches them again"
    yield Finding("downloads", not broken, found, "hashes of jars.lock", fix)


def _ports(home: Home, _settings: Settings) -> Iterator[Finding]:
    ports = remembered_ports(home)
    if is_held(home.lock):
        yield Finding("ports", True, "used by the running stack", "free", "")
        return
    taken = []
    for name, port in ports.items():
        try:
            check_ports_free({name: port})
        except OSError as failure:
            taken.append(str(failure))
    fix = "end that program, or `telltale up --new-ports`"
    yield Finding("ports", not taken, "; ".join(taken) or f"{len(ports)} remembered, all free", "free", fix)


def _secrets(home: Home, _settings: Settings) -> Iterator[Finding]:
    for path in (home.secrets, home.stack_env):
        if path.exists():
            mode = path.stat().st_mode & 0o777
            yield Finding(path.name, mode == 0o600, f"mode {mode:o}", "mode 600", f"chmod 600 {path}")


def _home(home: Home, _settings: Settings) -> Iterator[Finding]:
    folder: Path = next(folder for folder in (home.path, *home.path.parents) if folder.exists())
    fix = "set TELLTALE_HOME to a folder of yours"
    yield Finding("home", os.access(folder, os.W_OK), str(home.path), "writable", fix)


CHECKS: tuple[Check, ...] = (
    _platform,
    _home,
    _disk,
    _memory,
    _database_user,
    _java,
    _jars,
    _ports,
    _secrets,
    *doctor_log.CHECKS,
    doctor_champions.champions,
    control_topics,
)


class _Silent:
    def expect(self, what: str, total_bytes: int) -> None:
        """Say nothing: nothing is downloaded here."""

    def advance(self, count: int) -> None:
        """Say nothing."""
