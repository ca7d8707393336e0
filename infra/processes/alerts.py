"""The process that calls people."""

import time
from typing import Final

import structlog

from domain.appending import EventNotAppended
from infra.logs import configure_logs
from infra.processes.stopping import until_told_to_stop
from infra.wiring.container import Container

LOOK_EVERY_S: Final = 0.5
AGAIN_AFTER_S: Final = 2.0

_log = structlog.get_logger()


def run_alerts(container: Container) -> None:
    """Call people for incidents until SIGTERM or SIGINT; without a receiver, decide nothing.

    Raises:
        WriterFenced: another process calls people now.
        SettingMissing: the log's address is not set.
    """
    settings = container.settings()
    configure_logs(settings.log_level, process="alerts")
    running = until_told_to_stop()
    if not settings.slack_webhook_url.get_secret_value():
        _log.info("no_receiver", then="set SLACK_WEBHOOK_URL to call people for incidents")
        while running():
            time.sleep(LOOK_EVERY_S)
        return
    caller, opened = container.caller(), False
    while running():
        try:
            if not opened:
                caller.open()
                opened = True
            decided = caller.step()
        except EventNotAppended as error:
            _log.warning("log_not_reachable", cause=str(error))
            time.sleep(AGAIN_AFTER_S)
            continue
        if not decided:
            time.sleep(LOOK_EVERY_S)
