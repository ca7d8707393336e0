"""The events of all lines of models, for commands that only read them."""

from domain.logged_models import LoggedModelEvent
from infra.cli.output import CommandFailed, ExitCode
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.log_range import LogStalled
from infra.settings import SettingMissing
from infra.wiring.container import Container


def logged_model_events() -> list[LoggedModelEvent]:
    """Return every event of model-events, in the order of the log.

    Raises:
        CommandFailed: the log does not answer.
    """
    try:
        return list(Container().model_events().news(0))
    except (LogNotReachable, LogStalled, SettingMissing) as error:
        raise CommandFailed(str(error), then="telltale status", code=ExitCode.NOT_REACHABLE) from error
