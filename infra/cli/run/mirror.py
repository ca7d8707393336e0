"""`telltale mirror`: the process that keeps MLflow equal to the log."""

import typer

from infra.cli.composition import composed
from infra.cli.output import CommandFailed
from infra.exit_codes import ExitCode
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.log_range import LogStalled
from infra.processes.mirror import run_mirror
from infra.settings import SettingMissing

app = typer.Typer()


@app.command()
def mirror() -> None:
    """Show every model of the log in MLflow: runs, metrics, files, versions, champion; until told to stop.

    Nothing waits for it: MLflow may be down, emptied or changed by hand; it is made equal to the log again.
    """
    try:
        run_mirror(composed())
    except (LogNotReachable, LogStalled, SettingMissing) as error:
        raise CommandFailed(str(error), then="telltale status", code=ExitCode.NOT_REACHABLE) from error
