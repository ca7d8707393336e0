"""`telltale api`: the process that answers questions over HTTP."""

import typer

from infra.cli.composition import composed
from infra.cli.output import CommandFailed
from infra.exit_codes import ExitCode
from infra.http.keys import ApiKeysRefused
from infra.http.serving import AddressTaken
from infra.processes.api import run_api
from infra.settings import SettingMissing

app = typer.Typer()


@app.command()
def api() -> None:
    """Answer GET requests from the read models until told to stop.

    Where: TELLTALE_API_HOST and TELLTALE_API_PORT. Try: curl http://127.0.0.1:8000/anomalies/latest
    """
    try:
        run_api(composed())
    except ApiKeysRefused as error:
        raise CommandFailed(str(error), code=ExitCode.USAGE) from error
    except SettingMissing as error:
        raise CommandFailed(str(error), code=ExitCode.NOT_REACHABLE) from error
    except AddressTaken as error:
        raise CommandFailed(str(error), then="choose another with TELLTALE_API_PORT", code=ExitCode.REFUSED) from error
