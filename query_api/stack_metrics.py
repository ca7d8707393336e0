"""Figures for Prometheus on the judging and on the parts of the stack: what an alarm would rest on."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from domain.judging import Judging
from query_api.outlook import StackPart

READY: Final = "ready"


class StackMetrics:
    """Gauges in one registry, set anew for each scrape; what is not known now is left out or NaN, never old."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, says: str, *labels: str) -> Gauge:
            made = Gauge(f"telltale_{name}", says, labels, registry=registry)
            self._all.append(made)
            return made

        self._all: Final[list[Gauge]] = []
        self._judged: Final = gauge(
            "readings_judged", "1 while readings are judged, be it late; 0 while not, or while the log can't be asked."
        )
        self._unjudged: Final = gauge("unjudged_offsets", "Offsets that the score ledger lacks.", "partition")
        self._oldest: Final = gauge("oldest_unjudged_seconds", "How long the oldest unjudged reading has waited.")
        self._flagged: Final = gauge(
            "readings_flagged",
            "Readings without an ordinary score, by the ledger's flag: late, duplicate, unscored, ….",
            "flag",
        )
        self._letters: Final = gauge("dead_letters", "Records that could not be accepted.", "state")
        self._ready: Final = gauge("part_ready", "1 while the part of the stack does its work.", "part")
        self._restarts: Final = gauge("part_restarts", "How often the supervisor has started it again.", "part")
        self._memory: Final = gauge("part_memory_bytes", "Resident memory of it and its children.", "part")
        self._disk: Final = gauge("part_disk_bytes", "Size of its files and its log.", "part")

    def set(
        self,
        judging: Judging | None,
        parts: Sequence[StackPart],
        *,
        letters: Mapping[str, int],
        flagged: Mapping[str, int],
    ) -> None:
        """Set what a scrape shows; `judging` None: the log can't be asked."""
        for gauge in self._all:
            gauge.clear()
        self._judged.set(judging is not None and judging.holds)
        self._oldest.set(math.nan if judging is None else judging.oldest_s)
        for one in judging.partitions if judging is not None else ():
            self._unjudged.labels(str(one.partition)).set(one.unjudged)
        for state, count in letters.items():
            self._letters.labels(state).set(count)
        for flag, count in flagged.items():
            self._flagged.labels(flag).set(count)
        for part in parts:
            self._ready.labels(part.name).set(part.state == READY)
            self._restarts.labels(part.name).set(part.restarts)
            for figure, value in ((self._memory, part.memory_bytes), (self._disk, part.disk_bytes)):
                if value is not None:
                    figure.labels(part.name).set(value)
