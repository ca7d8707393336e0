"""`telltale demo`: the whole story in the terminal, while the page shows it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.markup import escape

from domain.models import ModelRef
from infra.cli.composition import composed
from infra.cli.log_failures import log_failures_explained
from infra.cli.models.promoting import compare_and_promote
from infra.cli.models.train import refusals
from infra.cli.output import CommandFailed, note, say
from infra.cli.tied import WHILE
from infra.demo.audience import Audience, NotSeen, answers, wait_for
from infra.demo.fleet_life import begin
from infra.demo.patience import Patience
from infra.demo.rebuilding import Rebuilding
from infra.demo.story import Story
from infra.exit_codes import ExitCode
from infra.host.embedded.home import Home
from infra.host.supervisor.control import is_held
from infra.host.supervisor.state import PartState, read_status
from infra.http.keys import parse_keys
from infra.processes.stopping import until_told_to_stop
from infra.settings import home_folder, load_settings
from infra.sources.simulator.fault_orders import FaultNotUnderstood, seconds_of
from infra.wiring.container import Container
from ml.panel.trainer import PanelTrainer

app = typer.Typer()

_TELLTALE = (sys.executable, "-c", "from infra.cli.main import main; main()")


@app.command()
def demo(
    *,
    light: Annotated[bool, typer.Option("--light", help="Without MLflow and S3.")] = False,
    history: Annotated[str, typer.Option(help="How much of the past to make; its first half trains.")] = "2h",
    once: Annotated[bool, typer.Option("--once", help="End after the story instead of staying live.")] = False,
) -> None:
    """Show the story: history, training, a live fault and its reason, a scorer killed with -9, a falsified row found.

    Starts the embedded stack where none runs, and stops what it started. The page stays live until Ctrl-C.

    Example: telltale demo --light
    """
    began = time.monotonic()
    try:
        with stack_up(light=light), log_failures_explained():
            tell(seconds_of(history), began=began, stay=not once)
    except FaultNotUnderstood as error:
        raise CommandFailed(str(error), code=ExitCode.USAGE) from error
    except NotSeen as error:
        raise CommandFailed(str(error), then="telltale status", code=ExitCode.NO) from error


@contextmanager
def stack_up(*, light: bool) -> Iterator[None]:
    """Run the stack while the block runs; one that was up before stays up."""
    home = Home(home_folder())
    was_up = home.path.exists() and is_held(home.lock)
    try:
        if not was_up:
            _start(light=light)
        yield
    finally:
        if not was_up:
            _stop()


def _start(*, light: bool) -> None:
    """Run `telltale up`; a Ctrl-C meanwhile is passed on and waited for, so that it takes back what it has started."""
    words = [*_TELLTALE, "up", "--detach", *(["--light"] if light else [])]
    up = subprocess.Popen(words, env={**os.environ, WHILE: str(os.getpid())})  # it ends with us, even if we are killed
    try:
        code = up.wait()
    except KeyboardInterrupt:
        up.send_signal(signal.SIGINT)
        up.wait()
        raise
    if code != 0:
        raise CommandFailed("the stack did not start", then="telltale doctor", code=ExitCode(code))


def _stop() -> None:
    """Run `telltale down` to its end, however often Ctrl-C is pressed: it leaves nothing running."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command inherits it
    try:
        subprocess.run([*_TELLTALE, "down"], check=False)
    finally:
        signal.signal(signal.SIGINT, before)


def tell(history_s: float, *, began: float, stay: bool) -> None:
    """Tell the story from a running stack on; lines are said with the seconds since `began`."""

    def said(text: str) -> None:
        patience.said()
        say(f"[dim]{time.monotonic() - began:6.1f} s[/]  {text}")

    patience = Patience(lambda text: said(f"[dim]{escape(text)}[/]"))
    with patience.kept():
        _tell(history_s, said, patience.doing, stay=stay)


def _tell(history_s: float, said: Callable[[str], None], doing: Callable[[str], None], *, stay: bool) -> None:
    settings = load_settings()
    intake = composed()
    contracts = intake.contracts()
    said(f"stack up · {len(list(contracts))} contracts published, FULL_TRANSITIVE")
    keys = parse_keys(settings.api_keys.get_secret_value())
    story = Story(
        settings=settings,
        headers={"X-API-Key": keys[0].secret} if keys else {},
        fleet=begin(intake, history_s=history_s),
        audience=Audience(intake.bootstrap(), contracts),
        in_force=intake.in_force,
        train=lambda *selection: _train(intake, *selection),
        promote=lambda model, because: _promote(intake, model, because),
        scorer_pid=_scorer_pid,
        lineage=intake.lineage_desk(),
        say=said,
        doing=doing,
    )
    rebuilding = Rebuilding(
        desk=intake.rebuild_desk(),
        dsn=settings.postgres_dsn,
        api_url=settings.api_url,
        headers=story.headers,
        say=said,
    )
    story.past()
    with story.fleet.lives() as onset_us:
        wait_for(lambda: answers(settings.dashboard_url), "the dashboard answers")
        said(f"open [bold]{escape(settings.dashboard_url)}[/]")
        verdict = story.live_fault(onset_us)
        story.kill_scorer()
        rebuilding.tell()
        story.explain(verdict)
        doing("")
        if stay:
            said("live until Ctrl-C; the fleet goes on, so does the fault")
            running = until_told_to_stop()
            while running():
                time.sleep(0.2)
            note("stopping")


def _train(intake: Container, profile: str, from_us: int, before_us: int) -> ModelRef:
    with refusals():
        stored = intake.training().train_profile(
            profile,
            trainer=PanelTrainer(),
            recorded_from_us=from_us,
            recorded_before_us=before_us,
            on_progress=lambda _done, _total: None,
        )
    model: ModelRef = stored.event.model
    return model


def _promote(intake: Container, model: ModelRef, because: str) -> bool:
    """Return whether the model is champion now; a log that had one before keeps it where the gate says so."""
    try:
        compare_and_promote(intake, model, because)
    except CommandFailed as failed:
        if failed.code is not ExitCode.REFUSED:
            raise
        say(f"  {escape(failed.what)}")
        return False
    return True


def _scorer_pid() -> int | None:
    found = read_status(Home(home_folder()).state)
    for part in found.parts if found else ():
        if part.name.startswith("scorer") and part.process and part.state is PartState.READY:
            return part.process.pid
    return None
