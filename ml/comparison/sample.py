"""A sample of readings with both models' scores, to be looked at: the same readings for any split into batches.

Which readings are taken follows from their positions alone, so the picture can't be chosen to please.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.artifact import Json
from ml.comparison.opinions import FAULTY, HEALTHY, UNKNOWN, ComparedRows
from ml.detector import BoolArray

KEPT: Final = 150
"""Of each group: more dots than these hide each other, and a report stays below 20 kB."""

GROUPS: Final = ("fault", "false_alarm", "unlabelled_alarm", "ordinary")
"""Labelled faults; labelled healthy and abnormal to one model at least; the same without a label; all else."""

Kept = list[tuple[int, float, float]]
"""Rank, champion's score, challenger's score; ascending."""


class ScoreSample:
    """Keeps KEPT readings of each group, of those that both models judged."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {group: [] for group in GROUPS}
        self._readings = dict.fromkeys(GROUPS, 0)

    def add(self, rows: ComparedRows) -> None:
        """Take in rows."""
        both = np.asarray(rows.champion.judged & rows.challenger.judged)
        if not both.any():
            return
        ranks = _ranks(rows)
        for group, members in _groups(rows).items():
            places = np.flatnonzero(members & both)
            self._readings[group] += len(places)
            first = places[np.argsort(ranks[places], kind="stable")[:KEPT]]
            found = zip(
                ranks[first].tolist(),
                rows.champion.scores[first].tolist(),
                rows.challenger.scores[first].tolist(),
                strict=True,
            )
            self._kept[group] = sorted([*self._kept[group], *found])[:KEPT]

    def as_json(self) -> dict[str, Json]:
        """Return by group how many readings it has, and of those sampled [champion's, challenger's] score."""
        return {
            group: {
                "readings": self._readings[group],
                "sample": [[_short(champion), _short(challenger)] for _, champion, challenger in self._kept[group]],
            }
            for group in GROUPS
        }


def _groups(rows: ComparedRows) -> dict[str, BoolArray]:
    alarm = rows.champion.abnormal | rows.challenger.abnormal
    found = {
        "fault": np.asarray(rows.truth == FAULTY),
        "false_alarm": np.asarray((rows.truth == HEALTHY) & alarm),
        "unlabelled_alarm": np.asarray((rows.truth == UNKNOWN) & alarm),
    }
    return {**found, "ordinary": ~np.logical_or.reduce(list(found.values()))}


def _ranks(rows: ComparedRows) -> NDArray[np.uint64]:
    """Return a number per position that looks random: the finaliser of splitmix64 (Steele, Lea, Flood 2014)."""
    mixed = rows.offsets.astype(np.uint64) + (np.uint64(rows.partition + 1) << np.uint64(48))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def _short(score: float) -> float:
    """Return the score to four figures: as much as a dot can show."""
    return float(f"{score:.4g}")
