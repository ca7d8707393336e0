"""Only what is not in the log yet: so the same source twice adds nothing, and an interrupted one goes on."""

from collections.abc import Iterable

import pyarrow as pa

from infra.sources.ports import KnownReadings


class Novelty:
    """Remembers the ids of every machine it has met: those in the log when met, and those let through since."""

    def __init__(self, known: KnownReadings) -> None:
        self._known = known
        self._machines: set[str] = set()
        self._ids: set[str] = set()

    @property
    def machines(self) -> frozenset[str]:
        """Return the machines met so far."""
        return frozenset(self._machines)

    def meet(self, machines: Iterable[str]) -> None:
        """Learn the ids of machines not met before from the log."""
        strange = set(machines) - self._machines
        if strange:
            self._ids |= self._known.event_ids(strange)
            self._machines |= strange

    def only_new(self, table: pa.RecordBatch) -> pa.RecordBatch:
        """Return the readings that are not in the log, each once, in their order."""
        self.meet(table.column("machine_id").unique().to_pylist())
        new = []
        for event_id in table.column("event_id").to_pylist():
            new.append(event_id not in self._ids)
            self._ids.add(event_id)
        return table if all(new) else table.filter(pa.array(new))
