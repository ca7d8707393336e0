"""`telltale models`: which versions there are, which one judges, and how another comes to judge."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from domain.logged_models import LoggedLine, fold
from domain.models import ModelTrained
from infra.cli.command_client import post_command
from infra.cli.models.diff import diff
from infra.cli.models.drift import drift
from infra.cli.models.logged_models import logged_model_events
from infra.cli.models.publish import publish
from infra.cli.models.timeline import timeline
from infra.cli.output import CommandFailed, JsonOption, print_json, print_table, say
from infra.exit_codes import ExitCode
from infra.settings import load_settings

app = typer.Typer(
    no_args_is_help=True,
    help="List, compare, promote and roll back model versions; see whether the stream still fits them.",
)

_CHAMPION: Final = "champion"


@app.command("list")
def list_models(*, json_output: JsonOption = False) -> None:
    """List every version that was ever trained.

    Example: telltale models list
    """
    lines, _ = fold({}, logged_model_events())
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
                _threshold(version.event),
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
    _show_promoted(promoted, json_output=json_output)


@app.command()
def rollback(
    line: Annotated[str, typer.Argument(metavar="PROFILE", help="Line of a profile, such as pump.")],
    because: Annotated[str, typer.Option(help="Why; shown wherever the champion is.")],
    *,
    champion: Annotated[
        str | None, typer.Option(help="The version to leave, such as pump/3; refused when somebody replaced it.")
    ] = None,
    json_output: JsonOption = False,
) -> None:
    """Make the champion before champion again; it was in force already, so no comparison is asked for.

    Example: telltale models rollback pump --champion pump/3 --because "three alarms on sound machines since noon"
    """
    wish = {"because": because} if champion is None else {"because": because, "champion": champion}
    promoted = post_command(load_settings(), f"/models/{line}/rollback", wish)
    _show_promoted(promoted, json_output=json_output)


app.command("diff")(diff)
app.command("drift")(drift)
app.command("timeline")(timeline)
app.command("publish")(publish)


def _show_promoted(promoted: Mapping[str, Any], *, json_output: bool) -> None:
    if json_output:
        print_json(promoted)
        return
    replaced = f" instead of {promoted['replaces']}" if promoted["replaces"] else ""
    forced = ", against the gate" if promoted["forced"] else ""
    say(f"[bold]{promoted['model']}[/] is champion{replaced}{forced}; it stands at {promoted['position']}")


def _threshold(event: ModelTrained) -> str:
    """Return the threshold of a model that has one; a panel has one for each kind and channel."""
    return f"{event.metrics['threshold']:.6f}" if "threshold" in event.metrics else ""


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
