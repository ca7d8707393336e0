"""`telltale models drift`: whether the stream still looks as it did in training."""

from typing import Annotated, Any, Final

import typer

from infra.cli.moments import parse_moment
from infra.cli.output import CommandFailed, JsonOption, print_json, print_table, say
from infra.cli.query_client import get_answer
from infra.exit_codes import ExitCode
from infra.settings import load_settings

OUTSIDE: Final = "outside"
UNKNOWN: Final = "unknown"


def drift(
    profile: Annotated[str, typer.Argument(help="Line of a profile, such as pump; or a version, such as pump/2.")],
    *,
    window: Annotated[str, typer.Option(help="How far back from the newest reading: 15m, 1h, 7d.")] = "1h",
    at: Annotated[str | None, typer.Option(metavar="T", help="With what the log knew then.")] = None,
    json_output: JsonOption = False,
) -> None:
    """Hold the newest readings and their scores against what the champion was trained on; exit code 1 when outside.

    Each channel and each kind of score has its population stability index and the upper end of its null band: what
    windows of the training set itself reach. Nothing changed: inside.

    Example: telltale models drift pump --window 2h
    """
    line, _, number = profile.partition("/")
    asked: dict[str, str | int] = {"window_s": _seconds(window)}
    if number:
        asked["model"] = number
    if at is not None:
        asked["as_of"] = parse_moment(at).isoformat()
    answer = get_answer(load_settings(), f"/models/{line}/drift", asked)
    if json_output:
        print_json(answer)
    else:
        _show(answer)
    if answer["state"] == UNKNOWN:
        raise typer.Exit(ExitCode.REFUSED)
    if answer["state"] == OUTSIDE:
        raise typer.Exit(ExitCode.NO)


def _seconds(window: str) -> int:
    from infra.sources.simulator.fault_orders import FaultNotUnderstood, seconds_of  # noqa: PLC0415 - brings the simulator

    try:
        return round(seconds_of(window))
    except FaultNotUnderstood as error:
        raise CommandFailed(f"{window!r} is no length of time", then="15m, 1h, 7d", code=ExitCode.USAGE) from error


def _show(answer: dict[str, Any]) -> None:
    if answer["state"] == UNKNOWN:
        say(f"[bold]{answer['model']}[/]: {answer['because']}")
        return
    say(
        f"[bold]{answer['model']}[/] against {answer['readings']:,} readings ({answer['sampled']:,} counted) recorded "
        f"{answer['starts_at']} to {answer['ends_at']}"
    )
    print_table(
        ("signal", "", "index", "usual up to", "readings", ""),
        (
            (
                one["name"],
                one["kind"],
                f"{one['index']:.3f}",
                f"{one['usual_up_to']:.3f}",
                f"{one['readings']:,}",
                "OUTSIDE" if one["outside"] else "inside" if one["enough"] else "too few",
            )
            for one in answer["signals"]
        ),
    )
    outside = [one["name"] for one in answer["signals"] if one["outside"]]
    if outside:
        say(f"[red]{', '.join(outside)}[/]: not as in training; the machines changed, or the model no longer fits")
    else:
        say("as in training")
