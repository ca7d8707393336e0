"""Which offsets a re-scoring judges: `--from`, `--to` and `--from-offsets`, looked up in the log now.

Must never take an offset that the log no longer holds, or one that committed readers can't reach yet.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.rescoring import RescoredRange
from domain.topics import SENSOR_EVENTS
from infra.cli.models.history_bounds import offsets_of
from infra.cli.moments import parse_moment
from infra.cli.output import CommandFailed
from infra.exit_codes import ExitCode

Place = tuple[str, int]
Offsets = Mapping[Place, int]


class Ends(Protocol):
    """Where partitions begin and end; `infra.kafka.client.ends` asks a broker."""

    def first(self, places: Sequence[Place]) -> Offsets:
        """Return the first offset still held of each."""

    def stable(self, places: Sequence[Place]) -> Offsets:
        """Return what committed readers can reach of each."""

    def from_moment(self, places: Sequence[Place], *, moment_ms: int) -> Offsets:
        """Return the first offset appended at or after a moment; -1 where nothing was."""


def ranges_of(
    ends: Ends,
    partitions: Sequence[int],
    *,
    since: str | None,
    before: str | None,
    from_offsets: str | None,
    follow: bool = False,
) -> tuple[RescoredRange, ...]:
    """Return the stretch of each partition; with `follow` also where nothing stands yet.

    `before` is a moment, or positions that each bound their own partition: the others go to the log's end now.

    Raises:
        CommandFailed: a text is neither, or nothing is left.
    """
    starts, stops = offsets_of(from_offsets), offsets_of(before)
    if from_offsets and not starts:
        raise CommandFailed(f"{from_offsets!r} is no list of positions", code=ExitCode.USAGE)
    places = [(SENSOR_EVENTS, partition) for partition in sorted(starts or partitions)]
    first, stable = ends.first(places), ends.stable(places)

    def moment(text: str) -> Offsets:
        found = ends.from_moment(places, moment_ms=int(parse_moment(text).timestamp() * 1000))
        return {place: stable[place] if offset < 0 else offset for place, offset in found.items()}

    begins = moment(since) if since else {place: starts.get(place[1], first[place]) for place in places}
    if before and not stops:
        upto = moment(before)
    else:
        upto = {place: min(stable[place], stops.get(place[1], stable[place])) for place in places}
    ranges = tuple(
        RescoredRange(partition=place[1], from_offset=max(begins[place], first[place]), next_offset=upto[place])
        for place in places
        if follow or upto[place] > max(begins[place], first[place])
    )
    if not ranges:
        raise CommandFailed(
            "there is no reading in that stretch", then="telltale log sensor-events", code=ExitCode.REFUSED
        )
    return ranges
