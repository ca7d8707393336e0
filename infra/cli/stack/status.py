"""`telltale status`: every part, and whether what arrives is judged and shown."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.markup import escape

from infra.cli.composition import composed
from infra.cli.output import CommandFailed, JsonOption, console, note, print_json, print_table, say
from infra.cli.stack.work import Work
from infra.exit_codes import ExitCode
from infra.host.embedded.home import Home
from infra.host.supervisor.control import is_held
from infra.host.supervisor.standing import Standing, standings
from infra.host.supervisor.state import PartState, read_status
from infra.settings import Settings, home_folder, load_settings

app = typer.Typer()

SCORER: Final = "scorer"
PROJECTOR: Final = "projector"
JUDGING: Final = "readings"
"""The name under which the judging is told where this stack has no scorer of its own."""


@app.command()
def status(
    *,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Show again every second until Ctrl-C.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Show every service and process; exit 1 if one is not ready, or what arrives is not judged or not shown.

    Lag is in records: readings that nobody has judged yet, and that of the read model that is farthest behind.
    Example: telltale status --json
    """
    home = Home(home_folder())
    asked = _Asked(composed().settings())
    while True:
        found = read_status(home.state)
        if found is None:
            raise CommandFailed("nothing was started here", where=str(home.path), then="telltale up")
        if watch:
            console().clear()
        stand = standings(found, lock=home.lock, now=datetime.now(UTC))
        well = _show(home, stand, asked.work(stand), as_json=json_output)
        if not watch:
            raise typer.Exit(ExitCode.YES if well else ExitCode.NO)
        time.sleep(1)


class _Asked:
    """What is asked of log and database."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def work(self, stand: Sequence[Standing]) -> Mapping[str, Work]:
        """Return what those of the parts have before them that work on the log, as far as the services run."""
        ready = {one.part.name for one in stand if one.state is PartState.READY}
        names = [one.part.name for one in stand]
        told: dict[str, Work] = {}
        if "postgres" in ready and PROJECTOR in names:
            from infra.cli.stack.work_of_parts import projectors_work  # noqa: PLC0415 - brings the clients with it

            told[PROJECTOR] = projectors_work(self._settings)
        if "kafka" in ready and self._settings.has("kafka_bootstrap"):
            judging = self._judging()
            told |= {name: judging for name in names if name.startswith(SCORER)} or {JUDGING: judging}
        return told

    def _judging(self) -> Work:
        from infra.cli.stack.work_of_parts import judging_work  # noqa: PLC0415 - brings the clients with it

        return judging_work(composed().judging_look())


def _show(home: Home, stand: Sequence[Standing], work: Mapping[str, Work], *, as_json: bool) -> bool:
    if as_json:
        rows = [{**_as_json(one), **asdict(work.get(one.part.name, Work()))} for one in stand]
        print_json([*rows, *_elsewhere(work)])
    else:
        _print_parts(stand, work)
        for trouble, names in _troubles(work).items():
            then = "; telltale projections list" if PROJECTOR in names else ""
            say(f"[bold red]{', '.join(names)}[/]  {escape(trouble)}{then}")
        _show_disk()
        if not is_held(home.lock) and any(one.running for one in stand):
            note("its supervisor was killed: `telltale up` or `telltale down` puts that right")
    ready = is_held(home.lock) and all(one.state is PartState.READY for one in stand)
    return ready and not any(one.trouble for one in work.values())


def _print_parts(stand: Sequence[Standing], work: Mapping[str, Work]) -> None:
    print_table(
        ("part", "kind", "pid", "state", "address", "since", "restarts", "lag", "rate", "cause"),
        [
            (
                one.part.name,
                one.part.kind,
                one.part.process.pid if one.part.process and one.running else None,
                one.state,
                one.part.address,
                one.part.since,
                one.part.restarts or None,
                _lag(work.get(one.part.name)),
                _rate(work.get(one.part.name)),
                one.cause,
            )
            for one in stand
        ],
    )


def _troubles(work: Mapping[str, Work]) -> Mapping[str, list[str]]:
    """Return the names of those that share each trouble: several scorers share one log."""
    told: dict[str, list[str]] = {}
    for name, one in work.items():
        if one.trouble:
            told.setdefault(one.trouble, []).append(name)
    return told


def _elsewhere(work: Mapping[str, Work]) -> list[dict[str, object]]:
    """Return an entry on the judging where this stack has no scorer and yet readings wait: they are judged nowhere."""
    judging = work.get(JUDGING)
    if judging is None or not judging.trouble:
        return []
    return [
        {"name": JUDGING, "kind": "judging", "state": PartState.STOPPED, "cause": judging.trouble, **asdict(judging)}
    ]


def _lag(work: Work | None) -> str | None:
    if work is None or work.lag_offsets is None:
        return None
    behind = "" if not work.lag_seconds or work.lag_seconds < 1 else f" ({work.lag_seconds:,.0f} s)"
    return f"{work.lag_offsets:,}{behind}"


def _rate(work: Work | None) -> str | None:
    return None if work is None or work.records_per_second is None else f"{work.records_per_second:,.0f}/s"


def _show_disk() -> None:
    """Say how long the embedded log's disk lasts."""
    from infra.host.disk_forecast import forecast  # noqa: PLC0415 - likewise
    from infra.log_disk import log_disk  # noqa: PLC0415 - brings log and database clients with it

    settings = load_settings()
    disk = log_disk(settings)
    if disk is not None:
        told = forecast(disk, settings, timeout_s=1.0)
        say(f"disk  {told}" if told.free >= told.reserve else f"[red]disk  {told}[/]")


def _as_json(one: Standing) -> dict[str, object]:
    part = one.part
    return {
        "name": part.name,
        "kind": part.kind,
        "pid": part.process.pid if part.process and one.running else None,
        "state": one.state,
        "address": part.address,
        "since": part.since,
        "took_s": part.took_s,
        "restarts": part.restarts,
        "cause": one.cause,
    }
