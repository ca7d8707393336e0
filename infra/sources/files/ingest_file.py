"""Readings of files into the log: refuse what is wrong, leave out what is there, append the rest."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from infra.sources.files.read_rows import Counts, ReadRows, RefusedRow
from infra.sources.novelty import Novelty
from infra.sources.ports import ReadingSink

MOST_REFUSED_KEPT: Final = 10_000


@dataclass(slots=True)
class Tally:
    """What became of the rows so far; each is appended, there already, empty, or refused.

    refused: the first refusals, rows and single cells; refused_rows and refused_cells count all. equal_times: readings
    at the time of another of the same sensor, all of them kept.
    """

    appended: int = 0
    duplicate: int = 0
    refused: list[RefusedRow] = field(default_factory=list)
    refused_rows: int = 0
    refused_cells: int = 0
    equal_times: int = 0
    counts: Counts = field(default_factory=Counts)
    newest_us: int = 0
    """Largest recorded_at of the readings that are in the log, µs since 1970 UTC."""
    oldest_us: int | None = None
    """Smallest recorded_at of them; None while there are none."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop once after `readings` readings are in the log (appended now or there before), call, and go on."""

    readings: int
    call: Callable[[Tally], None]


class FileIngest:
    """Brings the rows of files in; `tally` is right at any moment, also when interrupted."""

    def __init__(
        self,
        sink: ReadingSink,
        novelty: Novelty,
        *,
        pause: Pause | None = None,
        on_refused: Callable[[RefusedRow], None] = lambda _: None,
    ) -> None:
        self._sink = sink
        self._novelty = novelty
        self._pause = pause
        self._on_refused = on_refused
        self._last: dict[tuple[str, str], int] = {}
        self.tally = Tally()

    def run(self, blocks: Iterable[ReadRows], advance: Callable[[int], None] = lambda _: None) -> Tally:
        """Append all blocks and return once the log has acknowledged them; `advance` hears of rows done.

        Raises:
            ReadingsNotAppended: the log stopped taking readings.
        """
        for read in blocks:
            self._note(read)
            self._append(read.table)
            advance(read.counts.rows)
        self._sink.flush()
        return self.tally

    def _note(self, read: ReadRows) -> None:
        tally = self.tally
        tally.counts += read.counts
        for row in read.refused:
            self._on_refused(row)
            tally.refused_rows += row.whole
            tally.refused_cells += not row.whole
        tally.refused.extend(read.refused[: max(0, MOST_REFUSED_KEPT - len(tally.refused))])

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
        self.tally.equal_times += self._novelty.equal_times_in(new)
        recorded = pc.min_max(table.column("recorded_at")).as_py()
        self.tally.newest_us = max(self.tally.newest_us, recorded["max"])
        oldest_us = self.tally.oldest_us
        self.tally.oldest_us = recorded["min"] if oldest_us is None else min(oldest_us, recorded["min"])
