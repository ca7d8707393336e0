"""`telltale`: the table of commands.

Each command lives in its own module, imported only when it is used, so that `telltale --help` answers at once.
To add a command add one line to COMMANDS; its module exposes `app`, a Typer application. An application with a single
command becomes that command itself (`telltale scorer`); give it a callback to keep it a group (`telltale ingest csv`).
"""

import difflib
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import typer
import typer.core
import typer.main

from infra.cli.composition import using
from infra.cli.output import CommandFailed, error_console, print_failure
from infra.cli.tied import end_as_told
from infra.exit_codes import ExitCode

if TYPE_CHECKING:
    from infra.wiring.container import Container

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    # name: (module, what it is for)
    "demo": ("infra.cli.run.demo", "Show the whole story in the terminal and on the page."),
    "up": ("infra.cli.stack.commands", "Start services and processes under one supervisor."),
    "down": ("infra.cli.stack.commands", "Stop everything that runs in this home."),
    "reset": ("infra.cli.stack.commands", "Stop everything and throw its files away; asks first."),
    "stop": ("infra.cli.stack.rest", "Stop one part of a running stack, until it is started again."),
    "start": ("infra.cli.stack.rest", "Start a part that was stopped with stop."),
    "status": (
        "infra.cli.stack.status",
        "Show every part, and whether readings are judged; exit 1 if not all is well.",
    ),
    "doctor": ("infra.cli.doctor.command", "Check what Telltale needs and say the fix."),
    "version": ("infra.cli.stack.commands", "Show the versions of Telltale and of what it runs."),
    "backup": ("infra.cli.stack.backup", "Copy the log into a folder; the stack stays up."),
    "restore": ("infra.cli.stack.backup", "Make a backup the log of a home that has none."),
    "ingest": ("infra.cli.ingest.command", "Append readings from files."),
    "profiles": ("infra.cli.ingest.profiles", "List, show and define kinds of machine."),
    "simulate": ("infra.cli.ingest.simulate", "Append readings of simulated machines with labelled faults."),
    "log": ("infra.cli.log.log", "Print a topic's decoded records, position first."),
    "scorer": ("infra.cli.run.scorer", "Process: score readings, exactly once."),
    "projector": ("infra.cli.run.projector", "Process: project the log into read models."),
    "commands": ("infra.cli.run.commands", "Process: the command service."),
    "incidents": ("infra.cli.incidents.commands", "What needs somebody: list, show, acknowledge, judge, comment."),
    "alerts": ("infra.cli.run.alerts", "Process: calls people for incidents."),
    "mirror": ("infra.cli.run.mirror", "Process: keep MLflow equal to the log."),
    "api": ("infra.cli.run.api", "Process: the query API."),
    "dashboard": ("infra.cli.run.dashboard", "Process: the dashboard."),
    "projections": ("infra.cli.read_models.projections", "List, pause, resume and make read models."),
    "rebuild": (
        "infra.cli.read_models.rebuild",
        "Compute a read model again from the log, prove it equal, switch.",
    ),
    "skip": ("infra.cli.log.skip", "Tell every build to pass over one record."),
    "dead-letters": (
        "infra.cli.log.dead_letters",
        "List, show, redrive and discard records that could not be accepted.",
    ),
    "train": ("infra.cli.models.train", "Train a model version from the log."),
    "rescore": ("infra.cli.models.rescore", "Let a model judge a stretch of history again, beside the live verdicts."),
    "explain": (
        "infra.cli.models.explain",
        "Follow a verdict back to reading, model and promotion; --verify judges it again.",
    ),
    "models": ("infra.cli.models.commands", "List, compare, promote and roll back model versions."),
    "contracts": ("infra.cli.log.contracts", "Check, publish and list schemas."),
}


def module_exists(module: str) -> bool:
    """Return whether a command's module is part of this installation, without importing it."""
    return importlib.util.find_spec(module) is not None


class LazyCommands(typer.core.TyperGroup):
    """The group of COMMANDS, each imported on first use."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the library's signature
        """Return the names of the commands that are installed, in the table's order."""
        return [name for name, (module, _) in COMMANDS.items() if module_exists(module)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the library's signature
        """Return a stand-in that knows the command's purpose: enough for the list of commands."""
        entry = COMMANDS.get(cmd_name)
        if entry is None or not module_exists(entry[0]):
            return None
        return typer.core.TyperCommand(cmd_name, help=entry[1])

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command that is about to run, now imported; one that is not there with what may be meant."""
        known = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in known:
            alike = difflib.get_close_matches(args[0], known)
            meant = f" Did you mean {' or '.join(alike)}?" if alike else " `telltale --help` lists them."
            ctx.fail(f"No such command '{args[0]}'.{meant}")
        name, stand_in, rest = super().resolve_command(ctx, args)
        if name is None or stand_in is None:
            return name, stand_in, rest
        return name, load_command(name, COMMANDS[name][0]), rest


def load_command(name: str, module: str) -> Any:
    """Return the command of a module's `app`: its member of that name where several commands share it, else itself."""
    command = typer.main.get_command(importlib.import_module(module).app)
    siblings = getattr(command, "commands", {})
    shared = sum(other == module for other, _ in COMMANDS.values()) > 1
    if shared or (name in siblings and len(siblings) == 1):
        command = siblings[name]
    command.name = name
    return command


def _nothing() -> None:
    """Watch machines: a log of readings, verdicts with their reasons, and a proof for every answer.

    --home FOLDER, with any command: the stack to work on; else TELLTALE_HOME, else .telltale here or in a folder above.
    """


def application() -> Any:
    """Return the whole command line."""
    app = typer.Typer(
        cls=LazyCommands,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_nothing)
    return typer.main.get_command(app)


def main() -> None:
    """Run one command; end with its exit code."""
    end_as_told()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str], container: "Container | None" = None) -> int:
    """Run one command line over `container`, one of its own when None, and return its exit code."""
    try:
        words, home = without_home(arguments)
        if home is not None:
            from infra.settings import use_home  # noqa: PLC0415 - slow, and `--help` needs none

            use_home(home)
        with using(container):
            answer = application().main(words, prog_name="telltale", standalone_mode=False)
    except CommandFailed as failure:
        print_failure(failure)
        return failure.code
    except (KeyboardInterrupt, typer.Abort):
        error_console().print("interrupted; the same command again goes on from here")
        return ExitCode.INTERRUPTED
    except typer.Exit as ended:
        return ended.exit_code
    except Exception as failure:
        told = _told_to_people(failure)
        if told is None:
            raise
        return told
    return answer if isinstance(answer, int) else ExitCode.YES


def without_home(arguments: Sequence[str]) -> tuple[list[str], str | None]:
    """Return the words without the global option --home FOLDER, wherever it stands, and its folder; None without it."""
    words, home = list(arguments), None
    end = words.index("--") if "--" in words else len(words)
    for place in range(end - 1, -1, -1):
        if words[place].startswith("--home="):
            home = words.pop(place).partition("=")[2]
        elif words[place] == "--home":
            if place + 1 == len(words):
                raise CommandFailed("--home names no folder", then="--home FOLDER", code=ExitCode.USAGE)
            home = words.pop(place + 1)
            words.pop(place)
    return words, home


def _is_a_service_away(failure: Exception) -> bool:
    import httpx  # noqa: PLC0415 - slow, and needed only here
    import psycopg  # noqa: PLC0415 - likewise
    from confluent_kafka import KafkaException  # noqa: PLC0415 - likewise

    return isinstance(failure, (KafkaException, psycopg.OperationalError, httpx.TransportError, ConnectionError))


def _told_to_people(failure: Exception) -> int | None:
    """Print a failure that needs no traceback and return its exit code; None for all others."""
    from infra.kafka.client.topics import TopicsDiffer  # noqa: PLC0415 - slow, and needed only here
    from infra.registry.agreement import RegistryContradictsLog  # noqa: PLC0415 - likewise
    from infra.settings import SettingMissing  # noqa: PLC0415 - likewise

    if isinstance(failure, SettingMissing):
        print_failure(CommandFailed(str(failure), code=ExitCode.NOT_REACHABLE))
        return ExitCode.NOT_REACHABLE
    if _is_a_service_away(failure):
        print_failure(
            CommandFailed(
                f"a service does not do what it was asked: {failure}",
                then="telltale up, if nothing runs; telltale status shows what does",
                code=ExitCode.NOT_REACHABLE,
            )
        )
        return ExitCode.NOT_REACHABLE
    if isinstance(failure, TopicsDiffer):
        print_failure(CommandFailed(str(failure)))
        return ExitCode.REFUSED
    if isinstance(failure, RegistryContradictsLog):
        print_failure(CommandFailed(str(failure), then="telltale doctor"))
        return ExitCode.REFUSED
    show = getattr(failure, "show", None)
    if show is None or not hasattr(failure, "exit_code"):
        return None
    show()  # the command line's own: unknown options and the like
    return int(failure.exit_code)
