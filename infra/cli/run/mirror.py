"""`telltale mirror`: the process that keeps MLflow equal to the log."""

import typer

from infra.cli.output import CommandFailed, ExitCode
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.log_range import LogStalled
from infra.logs import configure_logs
from infra.mlflow.client_settings import set_client_defaults
from infra.processes.stopping import until_told_to_stop
from infra.settings import SettingMissing
from infra.wiring.container import Container

app = typer.Typer()


@app.command()
def mirror() -> None:
    """Show every model of the log in MLflow: runs, metrics, files, versions, champion; until told to stop.

    Nothing waits for it: MLflow may be down, emptied or changed by hand; it is made equal to the log again.
    """
    set_client_defaults()
    container = Container()
    configure_logs(container.settings().log_level, process="mirror")
    running = until_told_to_stop()
    try:
        container.mirror().run(running)
    except (LogNotReachable, LogStalled, SettingMissing) as error:
        raise CommandFailed(str(error), then="telltale status", code=ExitCode.NOT_REACHABLE) from error
