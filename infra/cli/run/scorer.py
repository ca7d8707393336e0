"""`telltale scorer`: the process that scores readings, and its repair."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from confluent_kafka import KafkaException

from infra.cli.composition import composed
from infra.cli.output import CommandFailed, JsonOption, print_failure, print_json, say
from infra.exit_codes import ExitCode
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.log_range import LogStalled
from infra.kafka.client.topics import TopicsDiffer
from infra.processes.scorer import run_scorer
from ml.scoring.ports import ModelUnloadable, SlotFenced, TransactionStuck
from ml.scoring.taking import StateDoesNotMatchOffset, StateOfAnotherKind

app = typer.Typer()


@app.callback(invoke_without_command=True)
def scorer(
    context: typer.Context,
    slot: Annotated[
        int, typer.Option(min=0, help="Number of this scorer; two with one number shut each other out.")
    ] = 0,
) -> None:
    """Score readings as they come, exactly once, until told to stop.

    Every scorer shares sensor-events' partitions with the others; when one dies, another takes its partitions over.
    Start a second one with: telltale scorer --slot 1
    """
    if context.invoked_subcommand is not None:
        return
    try:
        with log_answers():
            run_scorer(composed(), slot=slot)
    except SlotFenced as error:
        raise CommandFailed(str(error), f"slot {slot}", "give each scorer its own --slot", ExitCode.REFUSED) from error
    except ModelUnloadable as error:
        then = "telltale restore of a backup, into a new TELLTALE_HOME: it has the bytes"
        raise CommandFailed(str(error), f"slot {slot}", then, ExitCode.REFUSED) from error
    except (StateDoesNotMatchOffset, StateOfAnotherKind, TopicsDiffer) as error:
        raise CommandFailed(str(error), f"slot {slot}", code=ExitCode.REFUSED) from error
    except TransactionStuck as error:
        # Leaving in order would wait for the thread that never comes back.
        print_failure(CommandFailed(str(error), f"slot {slot}", "telltale status", ExitCode.NOT_REACHABLE))
        os._exit(ExitCode.NOT_REACHABLE)


@app.command()
def adopt(*, json_output: JsonOption = False) -> None:
    """Set the scorers' committed offsets to where the score ledger ends, after they were lost. Stop every scorer first.

    Example: telltale scorer adopt
    """
    # Imported here: the scorer itself starts without what only the repair needs.
    from infra.kafka.scoring.adoption import ScorersRunning  # noqa: PLC0415

    try:
        with log_answers():
            ends = composed().scoring_adoption().adopt()
    except ScorersRunning as error:
        raise CommandFailed(str(error), code=ExitCode.REFUSED) from error
    if json_output:
        print_json({f"sensor-events/{partition}": end for partition, end in ends.items()})
        return
    for partition, end in ends.items():
        say(f"sensor-events/{partition}: scoring goes on at {end:,}")
    if not ends:
        say("there is no ledger yet: the first scorer starts at the beginning")


@contextmanager
def log_answers() -> Iterator[None]:
    """Say what to do where the log does not answer."""
    try:
        yield
    except (LogNotReachable, LogStalled, KafkaException) as error:
        raise CommandFailed(str(error), then="telltale status", code=ExitCode.NOT_REACHABLE) from error
