"""`telltale models`: which versions there are, which one judges, since when and why."""

from typing import Annotated, Final

import typer

from domain.models import ModelPromoted, ModelTrained
from infra.cli.command_client import post_command
from infra.cli.output import CommandFailed, ExitCode, JsonOption, print_json, print_table, say
from infra.container import Container
from infra.kafka.clients import LogNotReachable
from infra.kafka.reading import LogStalled
from infra.model_lines import LoggedLine, LoggedModelEvent, fold
from infra.settings import SettingMissing, load_settings

app = typer.Typer(no_args_is_help=True, help="List and promote model versions.")

_CHAMPION: Final = "champion"


@app.command("list")
def list_models(*, json_output: JsonOption = False) -> None:
    """List every version that was ever trained.

    Example: telltale models list
    """
    lines, _ = fold({}, _events())
    if json_output:
        print_json([row for line in lines.values() for row in _as_json(line)])
        return
    print_table(
        ("model", "profile", "", "readings", "threshold", "trained", "artifact"),
        (
            (
                version.event.model,
                version.event.model.profile,
                _CHAMPION if _is_champion(line, version.event) else "",
                f"{version.event.rows:,}",
                f"{version.event.metrics.get('threshold', float('nan')):.6f}",
                version.appended_at,
                version.event.model.artifact_sha256[:12],
            )
            for line in lines.values()
            for version in line.versions
        ),
    )
    if not lines:
        say("no model has been trained; telltale train PROFILE trains one")


@app.command()
def promote(
    model: Annotated[str, typer.Argument(help="Version, such as pump/2.")],
    because: Annotated[str, typer.Option(help="Why; shown wherever the champion is.")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Also when the gate refuses; the log says so.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Make a version the champion: the scorer judges with it from its next transaction on.

    Whoever follows a champion must have been compared with it (telltale models diff) and stayed inside the budgets.

    Example: telltale models promote pump/2 --because "finds the bearing fault of 3 March"
    """
    line, _, number = model.rpartition("/")
    if not (line and number.isdecimal()):
        raise CommandFailed(f"{model!r} is no version", then="write it like pump/2", code=ExitCode.USAGE)
    wish = {"version": int(number), "because": because, "force": force}
    promoted = post_command(load_settings(), f"/models/{line}/promote", wish)
    if json_output:
        print_json(promoted)
        return
    replaced = f" instead of {promoted['replaces']}" if promoted["replaces"] else ""
    say(f"[bold]{promoted['model']}[/] is champion{replaced}; it stands at {promoted['position']}")


@app.command()
def timeline(
    line: Annotated[str, typer.Argument(help="Line of a profile, such as pump.")], *, json_output: JsonOption = False
) -> None:
    """Show who was champion since when, promoted by whom, and why.

    Example: telltale models timeline pump
    """
    promotions = [
        (logged, logged.event)
        for logged in _events()
        if isinstance(logged.event, ModelPromoted) and logged.event.model.name == line
    ]
    if json_output:
        print_json(
            [
                {
                    "since": logged.appended_at,
                    "model": str(event.model),
                    "replaces": str(event.replaces) if event.replaces else None,
                    "actor": event.actor,
                    "because": event.because,
                    "position": str(logged.position),
                }
                for logged, event in promotions
            ]
        )
        return
    print_table(
        ("since", "model", "replaces", "by", "because", "position"),
        (
            (logged.appended_at, event.model, event.replaces, event.actor, event.because, logged.position)
            for logged, event in promotions
        ),
    )
    if not promotions:
        say(f"no version of {line} was ever promoted; telltale models list shows those that were trained")


def _events() -> list[LoggedModelEvent]:
    try:
        return list(Container().model_events().news(0))
    except (LogNotReachable, LogStalled, SettingMissing) as error:
        raise CommandFailed(str(error), then="telltale status", code=ExitCode.NOT_REACHABLE) from error


def _is_champion(line: LoggedLine, event: ModelTrained) -> bool:
    return line.champion is not None and line.champion.model == event.model


def _as_json(line: LoggedLine) -> list[dict[str, object]]:
    return [
        {
            "model": str(version.event.model),
            "profile": version.event.model.profile,
            "champion": _is_champion(line, version.event),
            "rows": version.event.rows,
            "detectors": list(version.event.detectors),
            "metrics": dict(version.event.metrics),
            "trained_at": version.appended_at,
            "position": str(version.position),
            "artifact_sha256": version.event.model.artifact_sha256,
            "manifest_sha256": version.event.manifest_sha256,
        }
        for version in line.versions
    ]
