"""What projectors are to follow: builds that were made, handed over, discarded, and read models that are to rest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import psycopg
import structlog

from infra.postgres.builds import Build, build_definition, ensure_serving_build, live_builds
from projections.folder import Folder, FolderRefused, Folders

_SERVED: Final = "SELECT read_model FROM telltale.serving ORDER BY read_model"

_REFUSED: Final = """
INSERT INTO telltale.refused_folders (read_model, cause, seen_at)
VALUES (%s, %s, now())
ON CONFLICT (read_model) DO UPDATE SET cause = EXCLUDED.cause, seen_at = EXCLUDED.seen_at
"""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ToFollow:
    """One build that is to be followed, as it was made; `paused`: not now."""

    build: Build
    paused: bool


class Following:
    """Looks which builds there are, and makes the first one of each folder that has none.

    A folder is built once; a build's definition is read once, as it never changes.
    """

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._definitions: dict[Build, Folder] = {}
        self._refused: dict[str, tuple[Mapping[str, str] | None, str]] = {}

    def look(self, connection: psycopg.Connection, names: Iterable[str] | None) -> tuple[ToFollow, ...]:
        """Return the builds to follow of the read models called `names`, of all when None."""
        served = {name for (name,) in connection.execute(_SERVED)}
        wanted = list(self._folders.names() if names is None else names)
        for name in wanted:
            if name not in served:
                self._make_first(connection, name)
        for name in [name for name in self._refused if name not in wanted]:  # its folder is gone
            self._forget(connection, name)
        paused = {name for (name,) in connection.execute("SELECT read_model FROM telltale.pauses")}
        # A read model whose folder is gone goes on as long as it serves: its builds have their own SQL.
        followed = sorted({*served, *wanted}) if names is None else wanted
        return tuple(ToFollow(build, name in paused) for name in followed for build in live_builds(connection, name))

    def definition(self, connection: psycopg.Connection, build: Build) -> Folder:
        """Return the read model as the build was made."""
        if build not in self._definitions:
            self._definitions[build] = build_definition(connection, build)
        return self._definitions[build]

    def _make_first(self, connection: psycopg.Connection, name: str) -> None:
        """Make the first build of a folder; one that can't be built is noted and tried again when its files change."""
        folder: Folder | None = None
        try:
            folder = self._folders.load(name)
            if self._refused.get(name, (None, ""))[0] == folder.texts:
                return
            ensure_serving_build(connection, folder)
        except (FolderRefused, psycopg.ProgrammingError, psycopg.DataError) as error:
            cause = (str(error).strip().splitlines() or [type(error).__name__])[0]
            if self._refused.get(name, (None, ""))[1] != cause:
                _log.warning("folder_refused", read_model=name, cause=cause)
                connection.execute(_REFUSED, [name, cause])
            self._refused[name] = (None if folder is None else folder.texts, cause)
            return
        self._forget(connection, name)

    def _forget(self, connection: psycopg.Connection, name: str) -> None:
        connection.execute("DELETE FROM telltale.refused_folders WHERE read_model = %s", [name])
        self._refused.pop(name, None)


def pause(connection: psycopg.Connection, read_model: str, *, actor: str) -> bool:
    """Let the read model's projectors rest; return False if they were told so before."""
    done = connection.execute(
        "INSERT INTO telltale.pauses (read_model, actor) VALUES (%s, %s) ON CONFLICT DO NOTHING", [read_model, actor]
    )
    return done.rowcount == 1


def resume(connection: psycopg.Connection, read_model: str) -> bool:
    """Let the read model's projectors go on; return False if they did not rest."""
    return connection.execute("DELETE FROM telltale.pauses WHERE read_model = %s", [read_model]).rowcount == 1
