"""One file into the log: read, refuse what is wrong, leave out what is there, append the rest."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from infra.sources.csv.csv_readings import RefusedRow, RowReader
from infra.sources.csv.rows import RowBlock
from infra.sources.novelty import Novelty
from infra.sources.ports import ReadingSink


@dataclass(slots=True)
class Tally:
    """What became of the rows so far; every row of the file is in one of the three."""

    appended: int = 0
    duplicate: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    twice: int = 0
    newest_us: int = 0
    """Largest recorded_at of the readings that are in the log, µs since 1970 UTC."""
    oldest_us: int | None = None
    """Smallest recorded_at of them; None while there are none."""

    @property
    def rows(self) -> int:
        """Return how many rows were seen."""
        return self.appended + self.duplicate + len(self.refused)


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop once after `readings` readings are in the log (appended now or there before), call, and go on."""

    readings: int
    call: Callable[[Tally], None]


class FileIngest:
    """Brings the rows of one file in; `tally` is right at any moment, also when interrupted."""

    def __init__(self, reader: RowReader, sink: ReadingSink, novelty: Novelty, *, pause: Pause | None = None) -> None:
        self._reader = reader
        self._sink = sink
        self._novelty = novelty
        self._pause = pause
        self.tally = Tally()

    def run(self, blocks: Iterable[RowBlock], advance: Callable[[int], None] = lambda _: None) -> Tally:
        """Append all blocks and return once the log has acknowledged them; `advance` hears of rows done.

        Raises:
            ReadingsNotAppended: the log stopped taking readings.
        """
        for block in blocks:
            before = self.tally.rows
            read = self._reader.read(block)
            self.tally.refused.extend(read.refused)
            self.tally.twice += read.twice
            self._append(read.table)
            advance(self.tally.rows - before)
        self._sink.flush()
        return self.tally

    def _append(self, table: pa.RecordBatch) -> None:
        done = self.tally.appended + self.tally.duplicate
        if self._pause is not None and done + len(table) >= self._pause.readings:
            pause, self._pause = self._pause, None
            first = pause.readings - done
            self._append(table.slice(0, first))
            self._sink.flush()
            pause.call(self.tally)
            table = table.slice(first)
        if not len(table):
            return
        new = self._novelty.only_new(table)
        self._sink.append(new)
        self.tally.appended += len(new)
        self.tally.duplicate += len(table) - len(new)
        recorded = pc.min_max(table.column("recorded_at")).as_py()
        self.tally.newest_us = max(self.tally.newest_us, recorded["max"])
        oldest_us = self.tally.oldest_us
        self.tally.oldest_us = recorded["min"] if oldest_us is None else min(oldest_us, recorded["min"])
