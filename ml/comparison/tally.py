"""Decisions of two models counted: by outcome, machine, kind, label, and against ground truth."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ml.artifact import Json
from ml.comparison.opinions import FAULTY, HEALTHY, ComparedRows, Opinion
from ml.detector import BoolArray

MOST_MACHINES: Final = 500
"""Named in a report; the others are summed up. A report must fit into one record (1 MiB)."""


@dataclass
class Decisions:
    """Rows of one group: how many, abnormal to each model, and to one of them only."""

    readings: int = 0
    champion: int = 0
    challenger: int = 0
    gained: int = 0
    lost: int = 0

    def add(self, rows: ComparedRows, group: BoolArray) -> None:
        """Count the rows of `group`, bool (n,)."""
        self.readings += int(group.sum())
        self.champion += int((rows.champion.abnormal & group).sum())
        self.challenger += int((rows.challenger.abnormal & group).sum())
        self.gained += int((rows.gained & group).sum())
        self.lost += int((rows.lost & group).sum())

    def merge(self, other: "Decisions") -> None:
        """Add another group's counts."""
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def as_json(self) -> dict[str, Json]:
        """Return the counts, with those on which both agree."""
        return {
            "readings": self.readings,
            "agree": self.readings - self.gained - self.lost,
            "gained": self.gained,
            "lost": self.lost,
            "champion_abnormal": self.champion,
            "challenger_abnormal": self.challenger,
        }


@dataclass
class KindCounts:
    """Abnormal rows led by one kind of detector."""

    champion: int = 0
    challenger: int = 0
    gained: int = 0
    lost: int = 0


@dataclass
class Truth:
    """One model against ground truth, reading by reading."""

    found: int = 0
    false: int = 0

    def as_json(self, faulty: int, healthy: int) -> dict[str, Json]:
        """Return precision and recall; null where nothing was there to be found, or nothing was found."""
        alarms = self.found + self.false
        return {
            "true_alarms": self.found,
            "false_alarms": self.false,
            "precision": self.found / alarms if alarms else None,
            "recall": self.found / faulty if faulty else None,
            "false_alarm_share": self.false / healthy if healthy else None,
        }


@dataclass
class Tally:
    """All counts of single readings; its size follows from machines, kinds and labels, never from readings."""

    all: Decisions = field(default_factory=Decisions)
    healthy: Decisions = field(default_factory=Decisions)
    machines: dict[str, Decisions] = field(default_factory=lambda: defaultdict(Decisions))
    labels: dict[str, Decisions] = field(default_factory=lambda: defaultdict(Decisions))
    kinds: dict[str, KindCounts] = field(default_factory=lambda: defaultdict(KindCounts))
    judged: tuple[int, int] = (0, 0)
    faulty_rows: int = 0
    healthy_rows: int = 0
    truth: tuple[Truth, Truth] = field(default_factory=lambda: (Truth(), Truth()))

    def add(self, rows: ComparedRows) -> None:
        """Take in rows."""
        self.all.add(rows, np.ones(len(rows), np.bool_))
        self.healthy.add(rows, rows.healthy)
        for place, machine in enumerate(rows.machine_names):
            self.machines[machine].add(rows, np.asarray(rows.machines == place))
        for place, label in enumerate(rows.label_names):
            self.labels[label].add(rows, np.asarray(rows.labels == place))
        self._count_kinds(rows)
        opinions = (rows.champion, rows.challenger)
        self.judged = (self.judged[0] + int(opinions[0].judged.sum()), self.judged[1] + int(opinions[1].judged.sum()))
        faulty, healthy = rows.truth == FAULTY, rows.truth == HEALTHY
        self.faulty_rows += int(faulty.sum())
        self.healthy_rows += int(healthy.sum())
        for truth, opinion in zip(self.truth, opinions, strict=True):
            truth.found += int((opinion.abnormal & faulty).sum())
            truth.false += int((opinion.abnormal & healthy).sum())

    def machines_as_json(self, incidents: Mapping[str, tuple[int, int]]) -> dict[str, Json]:
        """Return the counts of the machines with most flips, and of all others together under "others".

        incidents: by machine those of champion and challenger.
        """
        ranked = sorted(self.machines, key=lambda name: (-self._flips(name), name))
        named: dict[str, Json] = {}
        others, other_incidents = Decisions(), [0, 0]
        for name in ranked:
            champion, challenger = incidents.get(name, (0, 0))
            if len(named) < MOST_MACHINES:
                beside: dict[str, Json] = {"champion_incidents": champion, "challenger_incidents": challenger}
                named[name] = self.machines[name].as_json() | beside
                continue
            others.merge(self.machines[name])
            other_incidents = [other_incidents[0] + champion, other_incidents[1] + challenger]
        left = len(ranked) - len(named)
        rest: dict[str, Json] = {"machines": left, **others.as_json()}
        rest |= {"champion_incidents": other_incidents[0], "challenger_incidents": other_incidents[1]}
        return {"named": named, "others": rest if left else None}

    def _flips(self, machine: str) -> int:
        return self.machines[machine].gained + self.machines[machine].lost

    def _count_kinds(self, rows: ComparedRows) -> None:
        for kind, count in _by_kind(rows.champion, rows.champion.abnormal):
            self.kinds[kind].champion += count
        for kind, count in _by_kind(rows.challenger, rows.challenger.abnormal):
            self.kinds[kind].challenger += count
        for kind, count in _by_kind(rows.challenger, rows.gained):
            self.kinds[kind].gained += count
        for kind, count in _by_kind(rows.champion, rows.lost):
            self.kinds[kind].lost += count


def _by_kind(opinion: Opinion, chosen: BoolArray) -> list[tuple[str, int]]:
    counts = np.bincount(opinion.leading[chosen], minlength=len(opinion.kinds)).tolist()
    return [(kind, count) for kind, count in zip(opinion.kinds, counts, strict=True) if count]
