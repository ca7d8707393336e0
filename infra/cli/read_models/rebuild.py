"""`telltale rebuild`: compute a read model again from the log, prove it equal, let it serve; and the way back."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer

from infra.cli.composition import composed
from infra.cli.output import CommandFailed, JsonOption, print_json, say
from infra.cli.read_models.rebuild_report import (
    ShownProgress,
    held,
    proof_json,
    say_estimate,
    say_proof,
    say_rebuilt,
    swap_json,
)
from infra.exit_codes import ExitCode
from projections.build_proof import Proof
from projections.builds import RebuildRefused
from projections.folder import FolderRefused, NoSuchReadModel
from projections.ports import LogUnavailable, ProjectionError, StoreUnavailable
from projections.rebuild import Accept, RebuildDesk
from projections.rebuild_outcome import NotAccepted, ReadModelDrifted

app = typer.Typer()


@app.command()
def rebuild(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="Read models.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say events, time and disk, and do nothing.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Let the build serve that served before.")] = False,
    discard: Annotated[bool, typer.Option("--discard", help="Drop every build but the serving one.")] = False,
    accept: Annotated[str | None, typer.Option(metavar="WHY", help="Let it serve although it differs.")] = None,
    json_output: JsonOption = False,
) -> None:
    """Compute read models again from the log beside the serving ones, prove both equal, and switch without a gap.

    A crash or Ctrl-C loses nothing: the same command goes on. Unequal: names the rows, and does not switch.
    Example: telltale rebuild readings
    """
    if sum((dry_run, undo, discard, accept is not None)) > 1:
        raise CommandFailed("--dry-run, --undo, --discard and --accept exclude each other", code=ExitCode.USAGE)
    desk: RebuildDesk = composed().rebuild_desk()
    told = []
    for name in names:
        with _failures(name, json_output=json_output):
            if dry_run:
                told.append(_estimate(desk, name, quiet=json_output))
            elif undo:
                told.append(_undo(desk, name, quiet=json_output))
            elif discard:
                told.append(_discard(desk, name, quiet=json_output))
            else:
                told.append(_rebuild(desk, name, accept, quiet=json_output))
    if json_output:
        print_json(told)


def _estimate(desk: RebuildDesk, name: str, *, quiet: bool) -> dict[str, Any]:
    estimate = desk.estimate(name)
    if not quiet:
        say_estimate(estimate)
    return {**asdict(estimate), "partial": [str(where) for where in estimate.partial]}


def _undo(desk: RebuildDesk, name: str, *, quiet: bool) -> dict[str, Any]:
    swap = desk.undo(name)
    if not quiet:
        say(f"[bold]{name}[/]: build {swap.move.to_build} serves again instead of {swap.move.from_build}; {held(swap)}")
    return swap_json(swap)


def _discard(desk: RebuildDesk, name: str, *, quiet: bool) -> dict[str, Any]:
    gone = desk.discard(name)
    if not quiet:
        say(f"[bold]{name}[/]: discarded {', '.join(f'build {number}' for number in gone) or 'nothing'}")
    return {"read_model": name, "discarded": gone}


def _rebuild(desk: RebuildDesk, name: str, accept: str | None, *, quiet: bool) -> dict[str, Any]:
    with ShownProgress(name) as progress:
        rebuilt = desk.rebuild(name, accept=_answer(accept, progress, quiet=quiet), progress=progress)
    if not quiet:
        say_rebuilt(rebuilt)
    return {
        **swap_json(rebuilt.swap),
        "proof": proof_json(rebuilt.proof),
        "records": rebuilt.records,
        "load_seconds": rebuilt.load_seconds,
        "partial": [str(where) for where in rebuilt.partial],
        "discarded": rebuilt.discarded,
    }


def _answer(accept: str | None, progress: ShownProgress, *, quiet: bool) -> Accept:
    """Return who answers whether a build that is not equal is to serve: --accept, or whoever sits at the terminal."""

    def answer(proof: Proof | None, reason: str | None) -> str | None:
        progress.finish()
        # Rows that the same SQL makes otherwise are an alarm, not a question: only --accept answers that.
        alarm = proof is not None and proof.same_sql
        if accept is not None or alarm or quiet or not sys.stdin.isatty():
            return accept
        if proof is not None:
            say_proof(proof)
        if not typer.confirm(f"{reason or 'The SQL has changed.'} Let the new build serve?"):
            return None
        return str(typer.prompt("Why? (is written down)"))

    return answer


@contextmanager
def _failures(name: str, *, json_output: bool) -> Iterator[None]:
    """Turn what a desk refuses into what a person sees and the exit code."""
    try:
        yield
    except (ReadModelDrifted, NotAccepted) as differs:
        if json_output:
            print_json({"read_model": name, "swapped": False, "proof": proof_json(differs.proof)})
        elif differs.proof is not None:
            say_proof(differs.proof)
        then = f'to let the log\'s answer serve: telltale rebuild {name} --accept "why"'
        raise CommandFailed(str(differs), then=then, code=ExitCode.NO) from differs
    except RebuildRefused as refused:
        raise CommandFailed(str(refused), code=ExitCode.REFUSED) from refused
    except (NoSuchReadModel, FolderRefused) as unknown:
        raise CommandFailed(str(unknown), code=ExitCode.USAGE) from unknown
    except (LogUnavailable, StoreUnavailable) as away:
        then = f"telltale status; then the same command goes on: telltale rebuild {name}"
        raise CommandFailed(str(away), then=then, code=ExitCode.NOT_REACHABLE) from away
    except ProjectionError as stopped:
        raise CommandFailed(str(stopped), then=f"then: telltale rebuild {name}") from stopped
