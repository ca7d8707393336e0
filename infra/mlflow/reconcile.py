"""Making MLflow equal to the log, one line at a time; running it again changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from domain.logged_models import LoggedLine
from infra.mlflow.run_content import RunContent, RunContents, RunOutline

CHAMPION: Final = "champion"
"""The alias of a line's champion. People look it up; nothing of ours loads by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRun:
    """A run as MLflow has it; `sizes` are its files' bytes."""

    run_id: str
    finished: bool
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    sizes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownVersion:
    """A registered version as MLflow has it."""

    version: int
    run_id: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """A line as MLflow has it: runs by model, oldest first, versions by number, and the champion's number."""

    runs: Mapping[str, tuple[ShownRun, ...]]
    versions: tuple[ShownVersion, ...]
    champion: int | None


class ModelShowcase(Protocol):
    """MLflow, as the mirror needs it. Every call raises ShowcaseNotReachable or ShowcaseRefused when it fails."""

    def line(self, name: str) -> ShownLine:
        """Return what is shown of a line."""

    def add_run(self, line: str, content: RunContent) -> str:
        """Write a run whole and return its id; it counts as finished only once everything is in it."""

    def remove_run(self, run_id: str) -> None:
        """Take a run away."""

    def add_version(self, line: str, run_id: str, tags: Mapping[str, str]) -> int:
        """Register the run's model as the line's next version and return its number."""

    def forget_versions(self, line: str) -> None:
        """Take all registered versions of a line away, so that numbering starts at 1."""

    def set_champion(self, line: str, version: int | None) -> None:
        """Move the alias, or take it away."""


class ShowcaseNotReachable(ConnectionError):
    """MLflow, or the store behind it, does not answer."""


class ShowcaseRefused(Exception):
    """MLflow answers, and does not take what it is given for one line."""


def reconcile(line: LoggedLine, showcase: ModelShowcase, contents: RunContents) -> tuple[str, ...]:
    """Make `showcase` show `line`, and return what differed, in words; () when it was equal.

    1. Runs: a version whose run is missing, unfinished, doubled or different is written anew. 2. Registered versions:
    unless they are exactly the line's, in order and pointing at its runs, all are taken away and registered again,
    because MLflow counts them by itself. 3. The alias follows the champion.
    A crash between any two steps leaves a part of it shown; the next run goes on from what it finds.
    """
    shown = showcase.line(line.name)
    differences: list[str] = []
    run_ids: list[str] = []
    for version in line.versions:  # Step 1
        wanted = contents.outline(version)
        kept, reason = _kept_run(shown.runs.get(wanted.name, ()), wanted)
        for run in shown.runs.get(wanted.name, ()):
            if run.run_id != kept:
                showcase.remove_run(run.run_id)
        if kept is None:
            differences.append(f"{wanted.name}: run {reason}")
            kept = showcase.add_run(line.name, contents.content(version))
        run_ids.append(kept)
    strangers = set(shown.runs) - {str(version.event.model) for version in line.versions}
    for name in sorted(strangers):
        differences.append(f"{name}: run of no version in the log")
        for run in shown.runs[name]:
            showcase.remove_run(run.run_id)
    forgotten, versions = _reconcile_versions(line, shown, run_ids, showcase)  # Step 2
    differences += versions
    has = None if forgotten else shown.champion
    champion = line.champion.model.version if line.champion else None
    if champion is not None and champion > len(run_ids):
        champion = None  # a promotion without its version: nothing there to point at
    if champion != has:  # Step 3
        showcase.set_champion(line.name, champion)
    if champion != shown.champion:
        differences.append(f"{CHAMPION}: {shown.champion or 'nobody'} instead of {champion or 'nobody'}")
    return tuple(differences)


def _kept_run(shown: tuple[ShownRun, ...], wanted: RunOutline) -> tuple[str | None, str]:
    """Return the run that shows `wanted` already, or None and why there is none."""
    reason = "missing"
    for run in shown:
        reason = _difference(run, wanted)
        if not reason:
            return run.run_id, ""
    return None, reason


def _difference(run: ShownRun, wanted: RunOutline) -> str:
    if not run.finished:
        return "left unfinished"
    for what, shown, should in (
        ("parameters", run.parameters, wanted.parameters),
        ("metrics", run.metrics, wanted.metrics),
        ("files", run.sizes, wanted.sizes),
        ("tags", {name: run.tags.get(name) for name in wanted.tags}, wanted.tags),
    ):
        if dict(shown) != dict(should):
            return f"with other {what}"
    return ""


def _reconcile_versions(
    line: LoggedLine, shown: ShownLine, run_ids: list[str], showcase: ModelShowcase
) -> tuple[bool, list[str]]:
    """Return whether the registered versions were taken away first, and what differed."""
    wanted = [
        ShownVersion(version=number, run_id=run_id, tags=_version_tags(line, number))
        for number, run_id in enumerate(run_ids, 1)
    ]
    have = sorted(shown.versions, key=lambda version: version.version)
    differences: list[str] = []
    if forgotten := have != wanted[: len(have)]:
        differences.append("registered versions are not those of the log")
        showcase.forget_versions(line.name)
        have = []
    for version in wanted[len(have) :]:
        showcase.add_version(line.name, version.run_id, version.tags)
        if not forgotten:
            differences.append(f"{line.name}/{version.version}: not registered")
    return forgotten, differences


def _version_tags(line: LoggedLine, number: int) -> Mapping[str, str]:
    return {"telltale.artifact_sha256": line.versions[number - 1].event.model.artifact_sha256}


class Onlooker:
    """A showcase that is only looked at: nothing is written to it, so that `reconcile` tells and mends nothing."""

    def __init__(self, showcase: ModelShowcase) -> None:
        self._showcase: Final = showcase
        self._shown: dict[str, ShownLine] = {}

    def line(self, name: str) -> ShownLine:
        """Return what is shown of a line."""
        self._shown[name] = self._showcase.line(name)
        return self._shown[name]

    def add_run(self, line: str, content: RunContent) -> str:
        """Write nothing; return the run that stands there instead, so that versions are not called wrong as well."""
        instead = self._shown[line].runs.get(content.name, ())
        return instead[0].run_id if instead else f"unwritten {content.name}"

    def remove_run(self, run_id: str) -> None:
        """Leave it."""

    def add_version(self, line: str, run_id: str, tags: Mapping[str, str]) -> int:  # noqa: ARG002 - the port's
        """Register nothing."""
        return 0

    def forget_versions(self, line: str) -> None:
        """Leave them."""

    def set_champion(self, line: str, version: int | None) -> None:
        """Leave it."""
