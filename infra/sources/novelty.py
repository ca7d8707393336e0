"""Only what is not in the log yet: so the same source twice adds nothing, and an interrupted one goes on.

In bounded memory: ids lie in a file, in portions, of which only the span of times is kept. A reading's id follows from
its time too, so a block needs only those portions whose span meets its own: one or two in a file in order of time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Final
from weakref import finalize

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from infra.sources.ports import KnownReadings
from schemas.readings import uuid_bytes

_ID_BYTES: Final = 16
_PORTION: Final = 50_000


@dataclass(frozen=True, slots=True)
class _Portion:
    """Where some ids lie in the file, and the span of their times."""

    place: int
    count: int
    first_us: int
    last_us: int


class Novelty:
    """Remembers the ids of every machine it has met: those in the log when met, and those let through since."""

    def __init__(self, known: KnownReadings) -> None:
        self._known = known
        self._machines: set[str] = set()
        self._file: IO[bytes] | None = None
        self._portions: list[_Portion] = []
        self._newest: dict[str, int] = {}

    @property
    def machines(self) -> frozenset[str]:
        """Return the machines met so far."""
        return frozenset(self._machines)

    def meet(self, machines: Iterable[str]) -> None:
        """Learn the ids of machines not met before from the log."""
        strange = set(machines) - self._machines
        if strange:
            for times, ids in self._known.ids(strange):
                for start in range(0, len(ids), _PORTION):
                    self._keep(times[start : start + _PORTION], ids[start : start + _PORTION])
            self._machines |= strange

    def only_new(self, table: pa.RecordBatch) -> pa.RecordBatch:
        """Return the readings that are not in the log, each once, in their order."""
        self.meet(table.column("machine_id").unique().to_pylist())
        if not len(table):
            return table
        times, ids = table.column("recorded_at").to_numpy(), _octets(table.column("event_id"))
        keys = _keys(ids)
        new = self._first_of_each(keys, ids)
        span = int(times.min()), int(times.max())
        for portion in self._portions:
            if portion.first_us <= span[1] and portion.last_us >= span[0]:
                new &= ~self._in(portion, keys, ids)
        kept = ids[new]
        if len(kept):
            self._keep(times[new], kept)
        return table if new.all() else table.filter(pa.array(new))

    def equal_times_in(self, table: pa.RecordBatch) -> int:
        """Return how many readings stand at the time of the one before of their sensor; readings come in order."""
        if not len(table):
            return 0
        sensors = pc.binary_join_element_wise(table.column("machine_id"), table.column("sensor_id"), "\0")
        coded = sensors.dictionary_encode()
        codes, times = coded.indices.to_numpy(), table.column("recorded_at").to_numpy()
        equal = 0
        for code, sensor in enumerate(coded.dictionary.to_pylist()):
            own = times[codes == code]
            equal += int((np.diff(own) == 0).sum()) + (self._newest.get(sensor) == int(own[0]))
            self._newest[sensor] = int(own[-1])
        return equal

    def _first_of_each(self, keys: NDArray[np.uint64], ids: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Return which rows are the first of their id: bool array (n,)."""
        first = np.ones(len(keys), np.bool_)
        if len(np.unique(keys)) == len(keys):
            return first
        seen: set[bytes] = set()
        for row, octets in enumerate(ids):
            whole = octets.tobytes()
            first[row] = whole not in seen
            seen.add(whole)
        return first

    def _in(self, portion: _Portion, keys: NDArray[np.uint64], ids: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Return which rows have an id of the portion: compared by half first, then whole."""
        held = self._read(portion)
        there = np.isin(keys, _keys(held))
        rows = np.flatnonzero(there)
        if len(rows):
            whole = {octets.tobytes() for octets in held}
            there[rows] = [ids[row].tobytes() in whole for row in rows]
        return there

    def _keep(self, times: NDArray[np.int64], ids: NDArray[np.uint8]) -> None:
        if not len(ids):
            return
        if self._file is None:
            self._file = TemporaryFile(prefix="telltale-ids-")  # noqa: SIM115 - lives as long as this
            finalize(self, self._file.close)
        place = self._file.seek(0, 2)
        self._file.write(np.ascontiguousarray(ids).tobytes())
        self._portions.append(_Portion(place, len(ids), int(times.min()), int(times.max())))

    def _read(self, portion: _Portion) -> NDArray[np.uint8]:
        if self._file is None:
            return np.empty((0, _ID_BYTES), np.uint8)
        self._file.seek(portion.place)
        octets = self._file.read(portion.count * _ID_BYTES)
        return np.frombuffer(octets, np.uint8).reshape(-1, _ID_BYTES)


def _octets(texts: pa.StringArray) -> NDArray[np.uint8]:
    """Return ids as bytes: uint8 array (n, 16)."""
    return np.ascontiguousarray(uuid_bytes(texts)).view(np.uint8).reshape(-1, _ID_BYTES)


def _keys(ids: NDArray[np.uint8]) -> NDArray[np.uint64]:
    return np.ascontiguousarray(ids[:, 8:]).view(np.uint64).ravel()
