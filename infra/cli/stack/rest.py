"""`telltale stop PART` and `telltale start PART`: one part of a running stack, without the others."""

import time
from collections.abc import Callable, Sequence
from typing import Annotated, Final

import typer

from infra.cli.output import CommandFailed, say
from infra.exit_codes import ExitCode
from infra.host.embedded.home import Home
from infra.host.supervisor.control import is_held
from infra.host.supervisor.rests import read_rests, write_rests
from infra.host.supervisor.state import PartState, PartStatus, read_status
from infra.settings import home_folder

app = typer.Typer()

DEADLINE_S: Final = 90.0

PartArgument = Annotated[str, typer.Argument(metavar="PART", help="Its name, as `telltale status` shows it.")]


@app.command()
def stop(part: PartArgument) -> None:
    """Stop a part of the running stack; it rests until `telltale start`, or until the whole stack is started anew.

    Example: telltale stop scorer
    """
    home = Home(home_folder())
    names = _named(home, part)
    write_rests(home.rests, read_rests(home.rests) | set(names))
    _wait(home, names, lambda one: one.state is PartState.STOPPED, "stop")
    say(f"{', '.join(names)} stopped; `telltale start {part}` starts it again")


@app.command()
def start(part: PartArgument) -> None:
    """Start a part that was stopped with `telltale stop`.

    Example: telltale start scorer
    """
    home = Home(home_folder())
    names = _named(home, part)
    write_rests(home.rests, read_rests(home.rests) - set(names))
    _wait(home, names, lambda one: one.state is PartState.READY, "become ready")
    say(f"{', '.join(names)} ready")


def _named(home: Home, part: str) -> Sequence[str]:
    """Return the parts of that name: `scorer` also means scorer-0 and scorer-1 where there are several."""
    found = read_status(home.state)
    if found is None or not is_held(home.lock):
        raise CommandFailed("no stack runs here", str(home.path), "telltale up", ExitCode.NOT_REACHABLE)
    names = [one.name for one in found.parts]
    meant = [name for name in names if name == part or name.rpartition("-")[0] == part]
    if not meant:
        raise CommandFailed(f"no part is called {part}", str(home.path), f"one of: {', '.join(names)}", ExitCode.USAGE)
    return meant


def _wait(home: Home, names: Sequence[str], reached: Callable[[PartStatus], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        found = read_status(home.state)
        late = [one for one in found.parts if one.name in names and not reached(one)] if found else []
        if not late:
            return
        if time.monotonic() > deadline:
            told = ", ".join(f"{one.name} is {one.state}" for one in late)
            raise CommandFailed(
                f"{told}: it did not {what} within {DEADLINE_S:.0f} s", str(home.log(late[0].name)), "telltale status"
            )
        time.sleep(0.1)
