"""`telltale projector`: the process that projects the log into read models."""

from typing import Annotated

import typer

from infra.cli.composition import composed
from infra.cli.output import CommandFailed
from infra.exit_codes import ExitCode
from infra.processes.projector import run_projector
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
    try:
        run_projector(composed(), names)
    except (NoSuchReadModel, FolderRefused) as error:
        raise CommandFailed(str(error), code=ExitCode.USAGE) from error
