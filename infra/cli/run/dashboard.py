"""`telltale dashboard`: the process that shows the pages."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

import dashboard as pages
from dashboard.connection import COMMANDS_KEY, COMMANDS_URL, KEY, URL
from infra.cli.output import CommandFailed
from infra.exit_codes import ExitCode
from infra.http.keys import ApiKey, ApiKeysRefused, parse_keys
from infra.settings import Scope, Settings, load_settings

app = typer.Typer()

LOOPBACK: Final = "127.0.0.1"
ALL_KEYS: Final = "TELLTALE_API_KEYS"


@app.command()
def dashboard(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Instead of TELLTALE_DASHBOARD_PORT.")] = None,
) -> None:
    """Show the pages on this machine until told to stop; they ask the query API, and promote by the command service.

    Of TELLTALE_API_KEYS it reads with the first key of the smallest scope, and promotes with the first of the smallest
    scope that may operate; whoever can open the pages acts under that key's name.

    Where: TELLTALE_DASHBOARD_PORT. Try: telltale dashboard, then open http://127.0.0.1:8501
    """
    settings = load_settings()
    chosen = port or settings.dashboard_port
    refuse_taken(chosen)
    script = str(Path(pages.__file__).with_name("app.py"))
    # The page server replaces this process: it gets the supervisor's signals itself, and nothing is left behind.
    arguments = [sys.executable, "-m", "streamlit", "run", script, *server_options(chosen)]
    try:
        environment = {**os.environ, **page_environment(settings)}
    except ApiKeysRefused as error:
        raise CommandFailed(str(error), code=ExitCode.USAGE) from error
    if sys.platform == "win32":
        raise typer.Exit(subprocess.run(arguments, env=environment, check=False).returncode)
    os.execve(sys.executable, arguments, environment)  # noqa: S606 - no shell is wanted


def server_options(port: int) -> list[str]:
    """Return what the page server is told: loopback only, no browser, nothing sent home, no watching of files."""
    return [
        f"--server.address={LOOPBACK}",
        f"--server.port={port}",
        "--server.headless=true",
        "--server.fileWatcherType=none",
        "--browser.gatherUsageStats=false",
        "--global.developmentMode=false",
    ]


def page_environment(settings: Settings) -> dict[str, str]:
    """Return where the services are and the keys to them: the least powerful that will do, and no other.

    Raises:
        ApiKeysRefused: the setting can't be understood.
    """
    keys = parse_keys(settings.api_keys.get_secret_value())
    return {
        URL: settings.api_url,
        KEY: least_key(keys, Scope.READ),
        COMMANDS_URL: settings.commands_url,
        COMMANDS_KEY: least_key(keys, Scope.OPERATE),
        ALL_KEYS: "",
    }


def least_key(keys: Sequence[ApiKey], scope: Scope) -> str:
    """Return the first key of the smallest scope that includes `scope`; "" when there is none."""
    order = list(Scope)
    able = [key for key in keys if order.index(key.scope) >= order.index(scope)]
    return min(able, key=lambda key: order.index(key.scope)).secret if able else ""


def refuse_taken(port: int) -> None:
    """Raise CommandFailed if somebody listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise CommandFailed(
                f"port {port} is taken",
                LOOPBACK,
                "choose another with TELLTALE_DASHBOARD_PORT or --port",
                ExitCode.REFUSED,
            ) from error
