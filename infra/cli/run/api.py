"""`telltale api`: the process that answers questions over HTTP."""

import typer

from infra.cli.output import CommandFailed, ExitCode
from infra.http.keys import ApiKeysRefused
from infra.http.serving import AddressTaken, serve
from infra.logs import configure_logs
from infra.settings import SettingMissing
from infra.wiring.container import Container

app = typer.Typer()


@app.command()
def api() -> None:
    """Answer GET requests from the read models until told to stop.

    Where: TELLTALE_API_HOST and TELLTALE_API_PORT. Try: curl http://127.0.0.1:8000/anomalies/latest
    """
    container = Container()
    settings = container.settings()
    configure_logs(settings.log_level, process="api")
    try:
        serve(container.query_app(), host=settings.api_host, port=settings.api_port)
    except ApiKeysRefused as error:
        raise CommandFailed(str(error), code=ExitCode.USAGE) from error
    except SettingMissing as error:
        raise CommandFailed(str(error), code=ExitCode.NOT_REACHABLE) from error
    except AddressTaken as error:
        raise CommandFailed(str(error), then="choose another with TELLTALE_API_PORT", code=ExitCode.REFUSED) from error
