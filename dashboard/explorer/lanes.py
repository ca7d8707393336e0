"""The swimlane's rows: cells of every lane, and how many are abnormal at once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dashboard.answers.swimlane import Lane, Swimlane
from dashboard.frame.choices import moment_text, parse_moment
from dashboard.look.palette import SEVERITIES, rank

Row = Mapping[str, object]

UNJUDGED_PART: Final = 0.5
"""From this part of its readings on a cell counts as not judged; the newest few of a live cell are always under way."""

LASTS_PART: Final = 0.05
LASTS_READINGS: Final = 3
"""A cell lasts from so many abnormal readings on: ten times what a threshold at 99.5 % lets through by chance, and of
one of a machine's four sensors still a fifth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A lane and the start of a bucket; in the address `pump-07|2026-11-22T12:52:00Z`."""

    lane: str
    start: datetime

    def address(self) -> str:
        """Return it as addresses name it."""
        return f"{self.lane}|{moment_text(self.start)}"


def cell_named(address: str | None) -> Cell | None:
    """Return the cell that an address names; None when it names none."""
    lane, _, moment = (address or "").rpartition("|")
    start = parse_moment(moment)
    return Cell(lane=lane, start=start) if lane and start else None


def shown_buckets(swimlane: Swimlane) -> range:
    """Return the places of the buckets to draw: from the first that has data at all."""
    if swimlane.data_starts_at is None:
        return range(0)
    first = next(
        (
            place
            for place, start in enumerate(swimlane.buckets)
            if start + timedelta(seconds=swimlane.bucket_s) > swimlane.data_starts_at
        ),
        len(swimlane.buckets),
    )
    return range(first, len(swimlane.buckets))


def has_data(swimlane: Swimlane) -> bool:
    """Return whether any lane has a reading or a verdict in the range."""
    return any(sum(lane.readings) or sum(lane.anomalies) for lane in swimlane.lanes)


def lane_rows(swimlane: Swimlane) -> list[Row]:
    """Return one row per lane and bucket."""
    width = timedelta(seconds=swimlane.bucket_s)
    return [
        {
            "lane": lane.name,
            "start": swimlane.buckets[place],
            "mid": swimlane.buckets[place] + width / 2,
            "end": swimlane.buckets[place] + width,
            "severity": _state(lane, place),
            "score": lane.scores[place],
            "count": lane.anomalies[place],
            "readings": lane.readings[place],
            "not_judged": lane.not_judged[place],
        }
        for lane in swimlane.lanes
        for place in shown_buckets(swimlane)
    ]


def _state(lane: Lane, place: int) -> str:
    """Return the cell's colour: what most of its readings were not judged for is not shown as normal."""
    if not lane.readings[place]:
        return lane.severities[place] or "no data"
    judged = lane.not_judged[place] < UNJUDGED_PART * lane.readings[place]
    return lane.severities[place] or ("normal" if judged else "not judged")


def has_unjudged(swimlane: Swimlane) -> bool:
    """Return whether any cell is drawn as not judged."""
    return any(_state(lane, place) == "not judged" for lane in swimlane.lanes for place in shown_buckets(swimlane))


def stacked_rows(swimlane: Swimlane) -> list[Row]:
    """Return how many lanes are abnormal per bucket and severity, stacked with the worst at the bottom.

    The first and last row are empty: they hold the time axis to that of the lanes.
    """
    width = timedelta(seconds=swimlane.bucket_s)
    places = shown_buckets(swimlane)
    rows: list[Row] = []
    for place in places:
        counted = Counter(lane.severities[place] for lane in swimlane.lanes if lane.severities[place])
        below = 0
        for level in reversed(SEVERITIES):
            if counted[level]:
                rows.append(_bar(swimlane.buckets[place], width, level, counted[level], below))
                below += counted[level]
    edges = [swimlane.buckets[places[0]], swimlane.buckets[places[-1]] + width] if places else []
    return [_bar(edge, timedelta(), "warning", 0, 0) for edge in edges] + rows


def _bar(start: datetime, width: timedelta, severity: str, lanes: int, below: int) -> Row:
    return {
        "start": start,
        "end": start + width,
        "severity": severity,
        "lanes": lanes,
        "from": below,
        "to": below + lanes,
    }


def most_at_once(swimlane: Swimlane) -> int:
    """Return the end of the count's axis: even, at least 4, and a quarter of the lanes, so that it seldom moves."""
    most = max(
        (sum(1 for lane in swimlane.lanes if lane.severities[place]) for place in shown_buckets(swimlane)), default=0
    )
    return max(4, 2 * ((max(most, len(swimlane.lanes) // 4) + 1) // 2))


def lane_order(swimlane: Swimlane, *, worst_first: bool) -> list[str]:
    """Return the lanes' names from top to bottom; the API has them worst first."""
    names = [lane.name for lane in swimlane.lanes]
    return names if worst_first else sorted(names)


def worst_cell(swimlane: Swimlane) -> Cell | None:
    """Return the newest of the worst cells: worst by severity, then by whether it lasts; of several the fullest.

    A detector that is wrong once in a while somewhere must not hide the machine that is wrong all the time.
    """

    def weight(found: tuple[Lane, int]) -> tuple[int, bool, datetime, float, float]:
        lane, place = found
        share = lane.anomalies[place] / max(lane.readings[place], 1)
        start, score = swimlane.buckets[place], lane.scores[place] or 0.0
        return rank(lane.severities[place]), _lasts(lane, place), start, share, score

    abnormal = [(lane, place) for lane in swimlane.lanes for place in shown_buckets(swimlane) if lane.severities[place]]
    if not abnormal:
        return None
    lane, place = max(abnormal, key=weight)
    return Cell(lane=lane.name, start=swimlane.buckets[place])


def _lasts(lane: Lane, place: int) -> bool:
    """Return whether the cell holds more than single outliers."""
    return lane.anomalies[place] >= max(LASTS_READINGS, LASTS_PART * lane.readings[place])


def picked_mark(cell: Cell | None, rows: Sequence[Row]) -> dict[str, str | float] | None:
    """Return the cell as the chart's selection knows it; None when it is not drawn."""
    if cell is None or not any(row["lane"] == cell.lane and row["start"] == cell.start for row in rows):
        return None
    return {"lane": cell.lane, "start": cell.start.timestamp() * 1000}


def meaning_of_blank(swimlane: Swimlane) -> str:
    """Return what cells without colour say: where no model judged, nothing is known."""
    told = "blank is normal · dashes: not judged, no model was in force or the readings came late"
    return told if has_unjudged(swimlane) else "blank is normal"
