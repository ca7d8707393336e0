"""`telltale projector`: the process that projects the log into read models."""

from typing import Annotated

import typer

from infra.cli.output import CommandFailed, ExitCode
from infra.logs import configure_logs
from infra.processes.stopping import until_told_to_stop
from infra.wiring.container import Container
from projections.folder import FolderRefused, NoSuchReadModel

app = typer.Typer()


@app.command()
def projector(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]…", help="Read models; all when none is named.")
    ] = (None),
) -> None:
    """Project the log into read models until told to stop.

    What stops one read model is said by `telltale projections list`; the others go on.
    Two read models only: telltale projector readings anomalies
    """
    container = Container()
    configure_logs(container.settings().log_level, process="projector")
    running = until_told_to_stop()
    try:
        container.projector_process().run(names, running)
    except (NoSuchReadModel, FolderRefused) as error:
        raise CommandFailed(str(error), code=ExitCode.USAGE) from error
