"""What people would have been called for: incidents of both models by the incident rule, beside the labelled faults."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from domain.incident_rule import (
    CONFIRMED_AFTER,
    Episode,
    JudgedReading,
    MachineWatch,
    Opens,
    Quiet,
    end_if_quiet,
    is_idle,
    quiet_for,
    watch,
)
from domain.readings import moment_of
from ml.artifact import Json
from ml.comparison.faults import CONFIRMING, LabelledFault, MachineFaults
from ml.comparison.opinions import FAULTY, ComparedRows, Opinion
from ml.detector import BoolArray

MOST_FAULTS: Final = 300
"""Named in a report, those that were lost first. A report must fit into one record (1 MiB)."""


@dataclass
class _Machine:
    """One machine under both models; explained: the open incident was in alarm during a labelled fault."""

    faults: MachineFaults
    watches: list[MachineWatch] = field(default_factory=lambda: [Quiet(), Quiet()])
    explained: list[bool] = field(default_factory=lambda: [False, False])
    incidents: list[int] = field(default_factory=lambda: [0, 0])
    explained_incidents: list[int] = field(default_factory=lambda: [0, 0])

    @property
    def quiet(self) -> bool:
        return is_idle(self.watches[0]) and is_idle(self.watches[1])


class Episodes:
    """Follows every machine of a history."""

    def __init__(self, expected_interval_s: float) -> None:
        self._grace_us: Final = int(CONFIRMING * expected_interval_s * 1e6)
        self._quiet: Final = quiet_for(expected_interval_s)
        self._machines: dict[str, _Machine] = {}
        self._lost: list[LabelledFault] = []
        self._others: list[LabelledFault] = []
        self.kinds: tuple[dict[str, int], dict[str, int]] = ({}, {})
        """Incidents of each model by the kinds that opened them."""
        self.faults = 0
        self.found = [0, 0]
        self.lost = 0

    def add(self, rows: ComparedRows) -> None:
        """Take in rows in log order."""
        eventful = rows.champion.abnormal | rows.challenger.abnormal | (rows.truth == FAULTY)
        for place, name in enumerate(rows.machine_names):
            own = np.asarray(rows.machines == place)
            machine = self._machines.get(name)
            if machine is None:
                machine = self._machines[name] = _Machine(
                    MachineFaults(name, grace_us=self._grace_us, quiet=self._quiet)
                )
            if not machine.quiet or (eventful & own).any():
                self._follow(machine, rows, own, eventful)

    def close(self) -> None:
        """Count the faults that lasted to the end of the history."""
        for machine in self._machines.values():
            for fault in machine.faults.close():
                self._count(fault)

    def incidents(self) -> dict[str, tuple[int, int]]:
        """Return the incidents of champion and challenger by machine."""
        return {name: (one.incidents[0], one.incidents[1]) for name, one in self._machines.items()}

    def opened(self, model: int) -> int:
        """Return how many incidents model 0 (champion) or 1 opens."""
        return sum(machine.incidents[model] for machine in self._machines.values())

    def unexplained(self, model: int) -> int:
        """Return how many of them were in alarm during no labelled fault."""
        return sum(one.incidents[model] - one.explained_incidents[model] for one in self._machines.values())

    def faults_as_json(self) -> list[Json]:
        """Return the labelled faults, those that were lost first, then by time."""

        def by_time(fault: LabelledFault) -> tuple[int, str, str]:
            return fault.onset_us, fault.machine_id, fault.label

        named = [*sorted(self._lost, key=by_time), *sorted(self._others, key=by_time)]
        return [fault.as_json() for fault in named[:MOST_FAULTS]]

    def _follow(self, machine: _Machine, rows: ComparedRows, own: BoolArray, eventful: BoolArray) -> None:
        for row in np.flatnonzero(own).tolist():
            if not eventful[row] and machine.quiet:
                continue
            at_us = int(rows.recorded_at_us[row])
            if rows.truth[row] == FAULTY:
                ended = machine.faults.labelled(rows.label_names[rows.labels[row]], at_us)
                if ended is not None:
                    self._count(ended)
            sensor = rows.sensor_names[rows.sensors[row]]
            for model, opinion in enumerate((rows.champion, rows.challenger)):
                if opinion.judged[row]:
                    self._judge(machine, model, opinion, row, sensor=sensor, at_us=at_us)

    def _judge(self, machine: _Machine, model: int, opinion: Opinion, row: int, *, sensor: str, at_us: int) -> None:
        state, at = machine.watches[model], moment_of(at_us)
        if not opinion.abnormal[row]:
            if isinstance(state, Quiet) or state.standing:
                state = watch(state, JudgedReading(sensor_id=sensor, recorded_at=at), quiet=self._quiet)[1]
            else:
                state = end_if_quiet(state, at, sensor_id=sensor, quiet=self._quiet)[1]
            machine.watches[model] = state
            return
        ratios = opinion.ratios[row]
        scores = {opinion.kinds[kind]: float(ratios[kind]) for kind in np.flatnonzero(ratios > 1)}
        reading = JudgedReading(sensor_id=sensor, recorded_at=at, scores=scores)
        steps, state = watch(state, reading, quiet=self._quiet)
        machine.watches[model] = state
        for opened in (step for step in steps if isinstance(step, Opens)):
            machine.incidents[model] += 1
            machine.explained[model] = False
            kinds = "+".join(sorted(opened.kinds))
            self.kinds[model][kinds] = self.kinds[model].get(kinds, 0) + 1
        confirmed = isinstance(state, Episode) and any(
            state.standing[sensor, kind] >= CONFIRMED_AFTER.get(kind, 1) for kind in scores
        )
        for fault in machine.faults.at(at_us):
            if fault.first_us[model] is None:
                fault.first_us[model] = at_us
            if confirmed:
                fault.met[model] = True
                if not machine.explained[model]:
                    machine.explained[model] = True
                    machine.explained_incidents[model] += 1

    def _count(self, fault: LabelledFault) -> None:
        self.faults += 1
        self.lost += fault.lost
        for model in (0, 1):
            self.found[model] += fault.met[model]
        kept = self._lost if fault.lost else self._others
        if len(kept) < MOST_FAULTS:
            kept.append(fault)
