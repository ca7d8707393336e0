"""`telltale dashboard`: the process that shows the pages."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

import dashboard as pages
from dashboard.connection import KEY, URL
from infra.cli.output import CommandFailed, ExitCode
from infra.settings import Scope, Settings, load_settings

app = typer.Typer()

LOOPBACK: Final = "127.0.0.1"


@app.command()
def dashboard(
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Instead of TELLTALE_DASHBOARD_PORT.")] = None,
) -> None:
    """Show the pages on this machine until told to stop; everything on them is asked of the query API.

    Where: TELLTALE_DASHBOARD_PORT. Try: telltale dashboard, then open http://127.0.0.1:8501
    """
    settings = load_settings()
    chosen = port or settings.dashboard_port
    refuse_taken(chosen)
    script = str(Path(pages.__file__).with_name("app.py"))
    # The page server replaces this process: it gets the supervisor's signals itself, and nothing is left behind.
    arguments = [sys.executable, "-m", "streamlit", "run", script, *server_options(chosen)]
    environment = {**os.environ, **api_environment(settings)}
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


def api_environment(settings: Settings) -> dict[str, str]:
    """Return where the API is and the key to it: the least powerful of the configured ones."""
    environment = {URL: settings.api_url}
    key = reading_key(settings.api_keys.get_secret_value())
    return environment | ({KEY: key} if key else {})


def reading_key(keys: str) -> str | None:
    """Return the configured key with the smallest scope; None when no key is asked for."""
    order = [scope.value for scope in Scope]
    found = [entry.strip().split(":", 2) for entry in keys.split(",") if entry.strip()]
    known = [(order.index(parts[1]), parts[2]) for parts in found if len(parts) == 3 and parts[1] in order]
    return min(known)[1] if known else None


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
