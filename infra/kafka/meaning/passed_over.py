"""Records that a reader of a control topic passed over, and the one line in the log that reports each of them."""

from dataclasses import dataclass
from typing import Final

import structlog

from domain.positions import Position

_MOST_REPORTED: Final = 1000
"""Lines of one process: a neighbour that writes junk without end must not fill the disk with reports of it."""

_reported: Final[set[Position]] = set()
"""Of this process: control topics are read from their beginning many times, and each record is worth one line."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """A record of a control topic that is none of the topic's events; `error` is the class of a dead letter."""

    position: Position
    error: str
    reason: str


def report_once(passed: PassedOver) -> None:
    """Write a warning into the process's log, unless it is there already."""
    if passed.position in _reported or len(_reported) >= _MOST_REPORTED:
        return
    _reported.add(passed.position)
    _log.warning(
        "control_record_passed_over", position=str(passed.position), error=passed.error, reason=passed.reason[:500]
    )
