"""`telltale commands`: the process that carries out commands, the one writer of what people do."""

import typer

from commands.event_log import WriterFenced
from domain.appending import EventNotAppended
from infra.cli.composition import composed
from infra.cli.log_failures import log_failures_explained
from infra.cli.output import CommandFailed
from infra.exit_codes import ExitCode
from infra.http.keys import ApiKeysRefused
from infra.http.serving import AddressTaken
from infra.processes.commands import run_commands

app = typer.Typer()


@app.command()
def commands() -> None:
    """Carry out commands and take readings in over HTTP until told to stop; a second one shuts the first one out.

    Where: TELLTALE_COMMANDS_HOST and TELLTALE_COMMANDS_PORT. Try: curl http://127.0.0.1:8001/health
    """
    try:
        with log_failures_explained():
            run_commands(composed())
    except ApiKeysRefused as error:
        raise CommandFailed(str(error), code=ExitCode.USAGE) from error
    except WriterFenced as error:
        raise CommandFailed(str(error), then="one command service is enough", code=ExitCode.REFUSED) from error
    except EventNotAppended as error:
        raise CommandFailed(str(error), then="telltale status", code=ExitCode.NOT_REACHABLE) from error
    except AddressTaken as error:
        raise CommandFailed(
            str(error), then="choose another with TELLTALE_COMMANDS_PORT", code=ExitCode.REFUSED
        ) from error
