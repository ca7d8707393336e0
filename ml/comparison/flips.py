"""The readings on which two models differ most: those with the highest scores of the one that calls them abnormal."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from domain.positions import Position
from domain.readings import moment_of
from domain.topics import SENSOR_EVENTS
from ml.artifact import Json
from ml.comparison.opinions import ComparedRows, Opinion
from ml.detector import BoolArray

KEPT: Final = 20
"""Of each direction: what a person looks at."""


@dataclass(frozen=True, slots=True, order=True)
class _Flip:
    """Ordered worst first, and by position where scores are equal, so that batch borders decide nothing."""

    rank: float
    partition: int
    offset: int
    machine_id: str
    sensor_id: str
    recorded_at_us: int
    champion: float
    challenger: float
    kind: str
    label: str

    def as_json(self) -> dict[str, Json]:
        return {
            "position": str(Position(SENSOR_EVENTS, self.partition, self.offset)),
            "machine_id": self.machine_id,
            "sensor_id": self.sensor_id,
            "recorded_at": moment_of(self.recorded_at_us).isoformat(),
            "champion_score": None if np.isnan(self.champion) else self.champion,
            "challenger_score": None if np.isnan(self.challenger) else self.challenger,
            "kind": self.kind,
            "label": self.label,
        }


class WorstFlips:
    """Keeps the KEPT worst of both directions."""

    def __init__(self) -> None:
        self._gained: list[_Flip] = []
        self._lost: list[_Flip] = []

    def add(self, rows: ComparedRows) -> None:
        """Take in rows."""
        self._gained = sorted([*self._gained, *_worst(rows, rows.gained, rows.challenger)])[:KEPT]
        self._lost = sorted([*self._lost, *_worst(rows, rows.lost, rows.champion)])[:KEPT]

    def as_json(self) -> dict[str, Json]:
        """Return both lists, worst first."""
        return {
            "gained": [flip.as_json() for flip in self._gained],
            "lost": [flip.as_json() for flip in self._lost],
        }


def _worst(rows: ComparedRows, chosen: BoolArray, alarmed: Opinion) -> Iterator[_Flip]:
    places = np.flatnonzero(chosen)
    worst = places[np.argsort(-alarmed.scores[places], kind="stable")[:KEPT]]
    for row in worst.tolist():
        yield _Flip(
            rank=-float(alarmed.scores[row]),
            partition=rows.partition,
            offset=int(rows.offsets[row]),
            machine_id=rows.machine_names[rows.machines[row]],
            sensor_id=rows.sensor_names[rows.sensors[row]],
            recorded_at_us=int(rows.recorded_at_us[row]),
            champion=float(rows.champion.scores[row]),
            challenger=float(rows.challenger.scores[row]),
            kind=alarmed.kinds[alarmed.leading[row]],
            label=rows.label_names[rows.labels[row]],
        )
