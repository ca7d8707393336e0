"""The wheel is the whole program: installed where no source lies, it runs from an empty folder."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from sysconfig import get_path
from typing import Final

import pytest

from tests.stacks import PROJECT, must

NO_PART_OF_IT: Final = frozenset({".pyc", ".nbi", ".nbc"})
"""What Python and numba compile beside the sources."""

READS_ITS_FILES: Final = """
import infra
from pathlib import Path
from dashboard.look.sheet import style_sheet
from infra.host.embedded.jars import locked_jars
from infra.postgres.migrate import _migrations as migrations
from infra.wiring.code_identity import UNLOCKED, code_identity
from projections.folder import folder_names, load_folder
from schemas.catalogue import catalogue

assert style_sheet() and locked_jars("kafka") and migrations() and catalogue()
assert [load_folder(name) for name in folder_names()]
assert code_identity().lock_sha256 != UNLOCKED
print(Path(infra.__file__).parents[1])
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with the installed builder, so that nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    words = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder))
    must(subprocess.run(words, check=False, capture_output=True, text=True, cwd=PROJECT))
    (built,) = folder.glob("telltale-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel alone into a new environment that borrows the libraries of this one; return its programs."""
    environment = tmp_path_factory.mktemp("installed")
    must(run(sys.executable, "-m", "venv", "--without-pip", str(environment)))
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(get_path("purelib") + "\n")
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        pytest.skip("uv, which installs the wheel, is not here: make install-dev")
    python = environment / "bin" / "python"
    must(run(uv, "pip", "install", "--offline", "--no-deps", "--no-cache", "--python", str(python), str(wheel)))
    return environment / "bin"


def run(*words: str, folder: Path | None = None, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program without this project's surroundings."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home or folder or "/")}
    return subprocess.run(words, check=False, capture_output=True, text=True, cwd=folder, env=environment, timeout=240)


def files_of_the_packages() -> Iterator[str]:
    """Yield every file below the packages that the wheel is made of, as the wheel names it."""
    configured = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    for package in configured["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        for path in (PROJECT / package).rglob("*"):
            if path.is_file() and path.suffix not in NO_PART_OF_IT:
                yield str(path.relative_to(PROJECT))


def test_every_file_of_every_package_is_in_the_wheel(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    assert set(files_of_the_packages()) - held == set()
    assert "infra/wiring/requirements.lock" in held
    assert not [name for name in held if name.startswith(("tests/", "docs/"))]


def test_installed_alone_it_runs_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    where = must(run(str(installed / "python"), "-c", READS_ITS_FILES, folder=tmp_path)).stdout.strip()
    assert Path(where).is_relative_to(installed.parent), "it is this project that ran, not the wheel"
    telltale = str(installed / "telltale")
    for words in (("version",), ("contracts", "check"), ("--help",), ("demo", "--help")):
        must(run(telltale, *words, folder=tmp_path))
    assert [*tmp_path.iterdir()] == [], "it left something in the folder of somebody who only looked"
