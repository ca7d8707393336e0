"""`telltale incidents`: list, show, acknowledge, judge, comment, reopen; over HTTP, like the page."""

from datetime import datetime
from typing import Annotated, Any, Final

import typer

from infra.cli.command_client import post_command
from infra.cli.moments import parse_moment
from infra.cli.output import JsonOption, print_json, print_table, say
from infra.cli.query_client import get_answer
from infra.exit_codes import ExitCode
from infra.settings import load_settings

app = typer.Typer(no_args_is_help=True, add_completion=False)

MOST_LISTED: Final = 100

Id = Annotated[str, typer.Argument(metavar="ID", help="incident_id, as `telltale incidents list` shows it.")]


@app.callback()
def incidents() -> None:
    """See what needs somebody, and do something about it."""


@app.command("list")
def list_(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also what needs nobody; newest first.")] = False,
    machine: Annotated[str | None, typer.Option(help="Only this machine.")] = None,
    at: Annotated[str | None, typer.Option(metavar="T", help="As it was known then.")] = None,
    json_output: JsonOption = False,
) -> None:
    """List incidents, worst first; exit code 1 when something needs somebody.

    Example: telltale incidents list
    """
    asked: dict[str, str | int] = {"limit": MOST_LISTED, "needs_someone": str(not everything).lower()}
    if machine is not None:
        asked["machine_id"] = machine
    if at is not None:
        asked["as_of"] = parse_moment(at).isoformat()
    page = get_answer(load_settings(), "/incidents", asked)
    if json_output:
        print_json(page)
    elif page["items"]:
        print_table(
            ("since", "machine", "severity", "kinds", "state", "who", "incident"), [_row(one) for one in page["items"]]
        )
        if page["next_cursor"]:
            say(f"the first {MOST_LISTED}; more: GET /incidents")
    else:
        say("nothing needs anybody" if not everything else "there are no incidents")
    if any(one["needs_someone"] for one in page["items"]):
        raise typer.Exit(ExitCode.NO)


@app.command()
def show(incident: Id, *, json_output: JsonOption = False) -> None:
    """Show one incident and all that was said of it, oldest first.

    Example: telltale incidents show 8df0595f-4ce4-5abd-84bc-668af4b84e09
    """
    told = get_answer(load_settings(), f"/incidents/{incident}", {})
    if json_output:
        print_json(told)
        return
    one = told["incident"]
    say(f"[bold]{one['machine_id']}[/] {one['severity']} {', '.join(one['kinds'])}: {_state(one)}")
    say(f"  since {_moment(one['began_at'])} on {one['sensor_id']}, {one['score']:.1f} × threshold, by {one['model']}")
    print_table(("known at", "what", "who", "said"), [_step(step) for step in told["history"]])


@app.command()
def ack(incident: Id, *, json_output: JsonOption = False) -> None:
    """Take an incident on; refused when somebody has it already and it did not become worse.

    Example: telltale incidents ack 8df0595f-4ce4-5abd-84bc-668af4b84e09
    """
    _post(incident, "acknowledge", {}, json_output=json_output)


@app.command()
def assign(
    incident: Id,
    to: Annotated[str, typer.Option(metavar="WHOM", help="Whose it is to be.")],
    *,
    json_output: JsonOption = False,
) -> None:
    """Make an incident somebody's.

    Example: telltale incidents assign 8df0595f-4ce4-5abd-84bc-668af4b84e09 --to anna
    """
    _post(incident, "assign", {"assignee": to}, json_output=json_output)


@app.command()
def comment(
    incident: Id, text: Annotated[str, typer.Argument(metavar="TEXT")], *, json_output: JsonOption = False
) -> None:
    """Write something down.

    Example: telltale incidents comment 8df0595f-4ce4-5abd-84bc-668af4b84e09 "bearing noise, ordered a new one"
    """
    _post(incident, "comment", {"text": text}, json_output=json_output)


@app.command()
def resolve(
    incident: Id,
    judgement: Annotated[str, typer.Argument(metavar="true|false|planned|unknown", help="What it was.")],
    *,
    cause: Annotated[str, typer.Option(help="In words.")] = "",
    json_output: JsonOption = False,
) -> None:
    """Judge an incident: a true alarm, a false one, planned, or unknown; a label for training.

    Example: telltale incidents resolve 8df0595f-4ce4-5abd-84bc-668af4b84e09 true --cause "worn bearing"
    """
    said = {"true": "true_alarm", "false": "false_alarm"}.get(judgement, judgement)
    _post(incident, "resolve", {"judgement": said, "cause": cause}, json_output=json_output)


@app.command()
def reopen(
    incident: Id, because: Annotated[str, typer.Option(metavar="WHY")], *, json_output: JsonOption = False
) -> None:
    """Say that a resolved incident is not done with.

    Example: telltale incidents reopen 8df0595f-4ce4-5abd-84bc-668af4b84e09 --because "it came back"
    """
    _post(incident, "reopen", {"because": because}, json_output=json_output)


def _post(incident: str, action: str, body: dict[str, object], *, json_output: bool) -> None:
    told = post_command(load_settings(), f"/incidents/{incident}/{action}", body)
    if json_output:
        print_json(told)
    else:
        say(f"{told['event']} by {told['actor']}, {told['position']}")


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    return (
        _moment(one["began_at"]),
        one["machine_id"],
        one["severity"],
        ", ".join(one["kinds"]),
        _state(one),
        one["assignee"] or "",
        one["incident_id"],
    )


def _state(one: dict[str, Any]) -> str:
    condition = "active" if one["active"] else f"ended {_moment(one['ended_at'])}"
    judged = f" as {one['judgement'].replace('_', ' ')}" if one["judgement"] else ""
    by = f" by {one['handled_by']}" if one["handled_by"] else ""
    return f"{condition}, {one['handling']}{judged}{by}{', worse since' if one['worse'] else ''}"


def _step(step: dict[str, Any]) -> tuple[object, ...]:
    what = [*(step["kinds"] or ()), *(step["channels"] or ()), step["severity"] or "", step["judgement"] or ""]
    said = " ".join(part for part in [*what, step["said"] or ""] if part)
    return (_moment(step["known_at"]), step["event"].removeprefix("Incident").lower(), step["actor"] or "scorer", said)


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")
