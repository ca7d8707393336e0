"""The Java programs of the stack: downloaded once, checked against jars.lock on every download and before every start.

The lock file names what and with which hash; where from is the business of the Maven client's own constants, or of
the setting `jar_repository`. A file with another hash is never run: it is fetched again.
"""

import hashlib
import json
import tarfile
import threading
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from infra.files import write_private

DOWNLOADS_AT_ONCE: Final = 6
ATTEMPTS: Final = 4

Advance = Callable[[int], None]
"""Is told how many more bytes have come; may raise to interrupt the download."""


class JarBroken(Exception):
    """What the repository serves is not what the lock file names, several times over."""

    def __init__(self, name: str, repository: str, reason: str) -> None:
        super().__init__(f"{name} from {repository}: {reason}")
        self.name = name


@dataclass(frozen=True, slots=True, kw_only=True)
class Jar:
    """One line of the lock file."""

    part: str
    coordinates: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        """Return the file's name in the repository and here."""
        _, artifact, version, *rest = self.coordinates.split(":")
        classifier, extension = rest or ("", "jar")
        return f"{artifact}-{version}{'-' if classifier else ''}{classifier}.{extension}"

    @property
    def folder(self) -> str:
        """Return the file's folder in any Maven repository."""
        group, artifact, version, *_ = self.coordinates.split(":")
        return f"{group.replace('.', '/')}/{artifact}/{version}"


def locked_jars(part: str) -> tuple[Jar, ...]:
    """Return the lock file's lines of one part."""
    lines = files("infra.host.embedded").joinpath("jars.lock").read_text("utf-8").splitlines()
    found = (line.split() for line in lines if line and not line.startswith("#"))
    return tuple(Jar(part=p, coordinates=c, sha256=h, size=int(n)) for p, c, h, n in found if p == part)


def is_sound(path: Path, *, sha256: str) -> bool:
    """Return whether a file is there and has this hash."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def fetch(jars: Sequence[Jar], *, folder: Path, repository: str, advance: Advance) -> list[Path]:
    """Return the files, each with the hash of the lock file; those that are missing or broken are downloaded.

    Raises:
        JarBroken: a file cannot be had with its hash.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [jar for jar in jars if not is_sound(folder / jar.name, sha256=jar.sha256)]
    if missing:
        repository = repository or public_repository()
        with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
            list(pool.map(lambda jar: _download(jar, folder=folder, repository=repository, advance=advance), missing))
    return [folder / jar.name for jar in jars]


def missing_bytes(jars: Sequence[Jar], *, folder: Path) -> int:
    """Return how much a fetch would download."""
    return sum(jar.size for jar in jars if not is_sound(folder / jar.name, sha256=jar.sha256))


def unpack(archive: Path, *, folder: Path) -> Path:
    """Return the folder with an archive's files, unpacked anew if one is missing or changed."""
    manifest = folder / "unpacked.json"
    if manifest.exists():
        hashes: dict[str, str] = json.loads(manifest.read_text())
        if all(is_sound(folder / name, sha256=sha256) for name, sha256 in hashes.items()):
            return folder
        manifest.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
        names = [member.name for member in tar.getmembers() if member.isfile()]
    write_private(manifest, json.dumps({name: _sha256(folder / name) for name in names}))
    return folder


def public_repository() -> str:
    """Return the address of the public Maven repository, as the Maven client for Python knows it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it complains about folders that it would only need for running programs
        from jgo import constants  # noqa: PLC0415 - slow, and needed for a first start only

    return str(constants.MAVEN_CENTRAL_URL)


def _download(jar: Jar, *, folder: Path, repository: str, advance: Advance) -> None:
    import pooch  # noqa: PLC0415 - needed for a first start only

    pooch.get_logger().setLevel("ERROR")
    source = pooch.create(
        path=folder,
        base_url=f"{repository.rstrip('/')}/{jar.folder}/",
        registry={jar.name: f"sha256:{jar.sha256}"},
        retry_if_failed=ATTEMPTS - 1,
    )
    try:
        source.fetch(jar.name, downloader=pooch.HTTPDownloader(progressbar=_Meter(advance), timeout=60))
    except (ValueError, OSError) as failure:
        raise JarBroken(jar.name, repository, str(failure).split("\n", maxsplit=1)[0]) from failure


class _Meter:
    """What the downloader takes for a progress bar; every file has its own, all advance one count."""

    _lock = threading.Lock()

    def __init__(self, advance: Advance) -> None:
        self.total = 0
        self._advance = advance
        self._came = 0

    def update(self, count: int) -> None:
        """Count bytes that have come."""
        self._came += count
        with self._lock:
            self._advance(count)

    def reset(self) -> None:
        """Take back what was counted: the downloader counts the whole file once more at its end."""
        self.update(-self._came)

    def close(self) -> None:
        """Do nothing."""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
