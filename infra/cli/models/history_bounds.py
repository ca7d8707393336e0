"""`--from` and `--to` of a history: moments of the devices' clocks, or positions in the log."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from domain.positions import NotAPosition, Position
from domain.readings import microseconds
from domain.topics import SENSOR_EVENTS
from infra.cli.moments import parse_moment
from infra.cli.output import CommandFailed
from infra.exit_codes import ExitCode

if TYPE_CHECKING:
    from ml.comparison.compare import Bounds
    from ml.manifest import OffsetRange, Selection


def bounds_of(since: str | None, before: str | None) -> "Bounds":
    """Return what narrows a selection down to the history from `since` to below `before`.

    Positions are joined by commas, one for each partition that they bound; the other partitions stay whole.

    Raises:
        CommandFailed: a text is neither a moment nor positions.
    """
    from_offsets, to_offsets = offsets_of(since), offsets_of(before)
    from_us = None if since is None or from_offsets else microseconds(parse_moment(since))
    before_us = None if before is None or to_offsets else microseconds(parse_moment(before))

    def narrowed(selection: "Selection") -> "Selection":
        ranges = (_cut(one, from_offsets, to_offsets) for one in selection.ranges)
        return replace(
            selection,
            ranges=tuple(one for one in ranges if len(one)),
            recorded_from_us=from_us,
            recorded_before_us=before_us,
        )

    return narrowed


def offsets_of(text: str | None) -> Mapping[int, int]:
    """Return offsets by partition; none when the text is no list of positions."""
    if text is None or "/" not in text:
        return {}
    try:
        positions = [Position.parse(part.strip()) for part in text.split(",")]
    except NotAPosition as error:
        raise CommandFailed(str(error), code=ExitCode.USAGE) from error
    if any(position.topic != SENSOR_EVENTS for position in positions):
        raise CommandFailed(f"{text!r}: history is readings, and those are in {SENSOR_EVENTS}", code=ExitCode.USAGE)
    return {position.partition: position.offset for position in positions}


def _cut(one: "OffsetRange", from_offsets: Mapping[int, int], to_offsets: Mapping[int, int]) -> "OffsetRange":
    return replace(
        one,
        from_offset=max(one.from_offset, from_offsets.get(one.partition, one.from_offset)),
        next_offset=min(one.next_offset, to_offsets.get(one.partition, one.next_offset)),
    )
