"""The process that carries out commands: the one writer of what people do."""

import os
import signal

from infra.http.serving import serve
from infra.logs import configure_logs
from infra.wiring.container import Container


def run_commands(container: Container) -> None:
    """Serve the command service until SIGTERM or SIGINT; a second one shuts the first one out.

    Raises:
        EventNotAppended: the log does not answer.
        WriterFenced: another command service has taken over.
        ApiKeysRefused, AddressTaken: keys or address can't be used.
    """
    settings = container.settings()
    configure_logs(settings.log_level, process="commands")
    for stream in container.command_streams():
        stream.open()
    # Sends this process what a supervisor would: requests under way are finished first.
    service = container.command_service(end=lambda: os.kill(os.getpid(), signal.SIGTERM))
    serve(service, host=settings.commands_host, port=settings.commands_port)
