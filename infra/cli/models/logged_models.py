"""The events of all lines of models, for commands that only read them."""

from domain.logged_models import LoggedModelEvent
from infra.cli.composition import composed
from infra.cli.output import CommandFailed
from infra.exit_codes import ExitCode
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.log_range import LogStalled
from infra.settings import SettingMissing


def logged_model_events() -> list[LoggedModelEvent]:
    """Return every event of model-events, in the order of the log.

    Raises:
        CommandFailed: the log does not answer.
    """
    try:
        return list(composed().model_events().news(0))
    except (LogNotReachable, LogStalled, SettingMissing) as error:
        raise CommandFailed(str(error), then="telltale status", code=ExitCode.NOT_REACHABLE) from error
