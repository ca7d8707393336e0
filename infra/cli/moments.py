"""Moments as people write them on the command line."""

from datetime import UTC, datetime

from dateutil.parser import ParserError, isoparse

from infra.cli.output import CommandFailed
from infra.exit_codes import ExitCode


def parse_moment(text: str) -> datetime:
    """Return the aware moment of an ISO 8601 text; UTC unless it says.

    Raises:
        CommandFailed: it is none.
    """
    try:
        moment = isoparse(text)
    except (ParserError, ValueError) as error:
        raise CommandFailed(
            f"{text!r} is no moment",
            then="write it like 2026-03-09T12:00 or 2026-03-09T12:00:00+01:00",
            code=ExitCode.USAGE,
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
