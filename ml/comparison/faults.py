"""Labelled faults of a machine, as ground truth tells them reading by reading, and which model saw them."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from domain.incident_rule import CONFIRMED_AFTER
from domain.readings import moment_of
from ml.artifact import Json

CONFIRMING: Final = max(CONFIRMED_AFTER.values())
"""Readings that an alarm may come after a fault's last labelled one and still be its: as long as a level is doubted."""


@dataclass
class LabelledFault:
    """A run of labelled readings of one machine and type, broken where an incident would have ended.

    first_us: of each model the first reading judged abnormal. met: whether an incident of it was in alarm.
    """

    machine_id: str
    label: str
    onset_us: int
    last_us: int
    first_us: list[int | None] = field(default_factory=lambda: [None, None])
    met: list[bool] = field(default_factory=lambda: [False, False])

    @property
    def lost(self) -> bool:
        """Whether the champion met it and the challenger did not."""
        return self.met[0] and not self.met[1]

    def as_json(self) -> dict[str, Json]:
        """Return when it was, and of each model whether it was found and how long after its onset."""
        told: dict[str, Json] = {
            "machine_id": self.machine_id,
            "label": self.label,
            "began_at": moment_of(self.onset_us).isoformat(),
            "last_at": moment_of(self.last_us).isoformat(),
        }
        for place, name in enumerate(("champion", "challenger")):
            first = self.first_us[place]
            told[f"{name}_found"] = self.met[place]
            told[f"{name}_delay_s"] = None if first is None else (first - self.onset_us) / 1e6
        return told


class MachineFaults:
    """The faults of one machine, fed in log order."""

    def __init__(self, machine_id: str, *, grace_us: int, quiet: timedelta) -> None:
        self._machine_id: Final = machine_id
        self._grace_us: Final = grace_us
        self._quiet_us: Final = quiet // timedelta(microseconds=1)
        self._open: dict[str, LabelledFault] = {}

    def labelled(self, label: str, recorded_at_us: int) -> LabelledFault | None:
        """Take in a labelled reading; return the fault that had ended before it, if one had."""
        current = self._open.get(label)
        if current is not None and recorded_at_us - current.last_us <= self._quiet_us:
            current.last_us = max(current.last_us, recorded_at_us)
            return None
        self._open[label] = LabelledFault(self._machine_id, label, recorded_at_us, recorded_at_us)
        return current

    def at(self, recorded_at_us: int) -> list[LabelledFault]:
        """Return the faults during which a reading was recorded."""
        return [
            fault for fault in self._open.values() if fault.onset_us <= recorded_at_us <= fault.last_us + self._grace_us
        ]

    def close(self) -> list[LabelledFault]:
        """Return the faults that had not ended."""
        return list(self._open.values())
