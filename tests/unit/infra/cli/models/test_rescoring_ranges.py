"""Which offsets `telltale rescore` judges."""

from collections.abc import Mapping, Sequence

import pytest

from domain.topics import SENSOR_EVENTS
from infra.cli.models.rescoring_ranges import Place, ranges_of
from infra.cli.output import CommandFailed
from infra.exit_codes import ExitCode

FIRST, STABLE, AT_MOMENT = (0, 50, 0), (100, 200, 0), (40, -1, -1)


class ThreePartitions:
    """Partition 1 has lost its first 50 records; partition 2 has none."""

    def first(self, places: Sequence[Place]) -> Mapping[Place, int]:
        return {place: FIRST[place[1]] for place in places}

    def stable(self, places: Sequence[Place]) -> Mapping[Place, int]:
        return {place: STABLE[place[1]] for place in places}

    def from_moment(self, places: Sequence[Place], *, moment_ms: int) -> Mapping[Place, int]:
        return {place: AT_MOMENT[place[1]] for place in places}


def at(*places: tuple[int, int]) -> str:
    return ",".join(f"{SENSOR_EVENTS}/{partition}/{offset}" for partition, offset in places)


@pytest.mark.parametrize(
    ("since", "before", "from_offsets", "expected"),
    [
        (None, None, None, [(0, 0, 100), (1, 50, 200)]),
        (None, None, at((1, 70)), [(1, 70, 200)]),
        (None, at((1, 90)), at((1, 70)), [(1, 70, 90)]),
        (None, at((1, 90)), at((0, 10), (1, 70)), [(0, 10, 100), (1, 70, 90)]),
        (None, at((0, 30), (1, 50)), None, [(0, 0, 30)]),
        (None, at((0, 5000)), at((0, 10)), [(0, 10, 100)]),
        ("2026-03-09T08:00Z", at((0, 60)), None, [(0, 40, 60)]),
        (None, "2026-03-09T08:00Z", None, [(0, 0, 40), (1, 50, 200)]),
    ],
)
def test_a_stretch_begins_and_ends_at_moments_or_at_positions_of_the_log(
    since: str | None, before: str | None, from_offsets: str | None, expected: list[tuple[int, int, int]]
) -> None:
    ranges = ranges_of(ThreePartitions(), range(3), since=since, before=before, from_offsets=from_offsets)
    assert [(one.partition, one.from_offset, one.next_offset) for one in ranges] == expected


@pytest.mark.parametrize(
    ("before", "from_offsets", "code"),
    [
        (at((1, 70)), at((1, 70)), ExitCode.REFUSED),
        ("model-events/0/3", None, ExitCode.USAGE),
        ("sensor-events/0", None, ExitCode.USAGE),
        (None, "180000", ExitCode.USAGE),
    ],
)
def test_what_is_no_stretch_of_readings_is_said_before_anything_runs(
    before: str | None, from_offsets: str | None, code: ExitCode
) -> None:
    with pytest.raises(CommandFailed) as failed:
        ranges_of(ThreePartitions(), range(3), since=None, before=before, from_offsets=from_offsets)
    assert failed.value.code == code
