"""What can hinder a command that writes to the log, in the words of the command line."""

from collections.abc import Iterator
from contextlib import contextmanager

from domain.appending import EventNotAppended, LogFull
from domain.rejections import CommandRejected
from infra.cli.output import CommandFailed
from infra.exit_codes import ExitCode
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.log_range import LogStalled
from infra.settings import SettingMissing
from schemas.contracts import ContractNotPublished, UnknownSchemaId


@contextmanager
def log_failures_explained() -> Iterator[None]:
    """Turn the log's own errors into CommandFailed with the exit code that belongs to them."""
    try:
        yield
    except SettingMissing as error:
        raise CommandFailed(str(error), code=ExitCode.NOT_REACHABLE) from error
    except LogFull as full:
        raise CommandFailed(
            str(full), then="free some space; the same command again goes on", code=ExitCode.REFUSED
        ) from full
    except (LogNotReachable, LogStalled, EventNotAppended) as error:
        raise CommandFailed(
            str(error), then="telltale status; the same command again goes on", code=ExitCode.NOT_REACHABLE
        ) from error
    except (ContractNotPublished, UnknownSchemaId) as error:
        raise CommandFailed(str(error), then="telltale contracts publish", code=ExitCode.NOT_REACHABLE) from error
    except CommandRejected as error:
        raise CommandFailed(str(error), code=ExitCode.REFUSED) from error
