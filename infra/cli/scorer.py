"""`telltale scorer`: the process that scores readings."""

from typing import Annotated

import typer

from infra.cli.output import CommandFailed, ExitCode
from infra.container import Container
from infra.kafka.clients import LogNotReachable
from infra.kafka.reading import LogStalled
from infra.logs import configure_logs
from infra.processes import until_told_to_stop
from ml.scoring.ports import ModelUnloadable, SlotFenced
from ml.scoring.taking import StateDoesNotMatchOffset, StateOfAnotherKind

app = typer.Typer()


@app.command()
def scorer(
    slot: Annotated[
        int, typer.Option(min=0, help="Number of this scorer; two with one number shut each other out.")
    ] = 0,
) -> None:
    """Score readings as they come, exactly once, until told to stop.

    Every scorer shares sensor-events' partitions with the others; when one dies, another takes its partitions over.
    Start a second one with: telltale scorer --slot 1
    """
    container = Container(slot=slot)
    configure_logs(container.settings().log_level, process=f"scorer-{slot}")
    running = until_told_to_stop()
    try:
        container.scorer().run(running)
    except SlotFenced as error:
        raise CommandFailed(str(error), f"slot {slot}", "give each scorer its own --slot", ExitCode.REFUSED) from error
    except (StateDoesNotMatchOffset, StateOfAnotherKind, ModelUnloadable) as error:
        raise CommandFailed(str(error), f"slot {slot}", code=ExitCode.REFUSED) from error
    except (LogNotReachable, LogStalled) as error:
        raise CommandFailed(str(error), then="telltale status", code=ExitCode.NOT_REACHABLE) from error
    finally:
        container.scoring_log().close()
