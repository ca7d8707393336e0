"""A column's cells as moments in UTC, and why some have none."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from domain.readings import microseconds, moment_of
from infra.sources.times.clock import LocalClock
from infra.sources.times.counted import EPOCHS, Epoch, ExcelDays
from infra.sources.times.identify import EARLIEST_S
from infra.sources.times.parsed import TimeForm

AHEAD: Final = timedelta(hours=24)
"""How far ahead of now a reading may be: clocks in another zone are, those that are wrong are further."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of a column.

    microseconds: int64 array (n,) since 1970 UTC. wrong: why rows have none that is accepted, by row. implausible: how
    many of them name a moment before 2000 or too far ahead. first, second: rows in an hour that the clock shows twice,
    taken as its first and second time.
    """

    microseconds: NDArray[np.int64]
    wrong: dict[int, str]
    implausible: int
    first: int
    second: int


@dataclass(frozen=True, slots=True)
class Plausible:
    """Which moments are accepted: from 2000 until a day ahead of `now`, or any."""

    now: datetime
    any_time: bool = False

    @property
    def latest_s(self) -> float:
        """Return the latest moment, seconds since 1970."""
        return (self.now + AHEAD).timestamp()

    def refused(self, moments: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which moments, µs since 1970, are not accepted: bool array (n,)."""
        if self.any_time:
            return np.zeros(len(moments), np.bool_)
        return np.asarray((moments < EARLIEST_S * 1_000_000) | (moments > microseconds(self.now + AHEAD)))

    def why(self, text: str, form: TimeForm, moment_us: int) -> str:
        """Return why a moment is not accepted, with the cause that it most likely has."""
        return f"{_moment_text(moment_us)} is {self._side(moment_us)}: {cause(text, form, moment_us, self)}"

    def _side(self, moment_us: int) -> str:
        return "before 2000" if moment_us < EARLIEST_S * 1_000_000 else "more than 24 h ahead of now"


def moments_of(
    texts: pa.Array, form: TimeForm, clock: LocalClock, plausible: Plausible, sensors: NDArray[np.intp]
) -> Moments:
    """Return the moments that cells name; those without a zone of their own are read off `clock`."""
    if pa.types.is_timestamp(texts.type) or pa.types.is_date(texts.type):
        texts = texts.cast(pa.string()).fill_null("")
    texts = pc.utf8_trim_whitespace(texts)
    parsed = form.parse(texts)
    moments = parsed.microseconds.copy()
    unread = np.flatnonzero(~parsed.read)
    wrong = {int(row): f"{texts[int(row)].as_py()!r} is no time ({form})" for row in unread}
    local = np.flatnonzero(parsed.read & ~parsed.zoned)
    utc = clock.to_utc(moments[local], sensors[local])
    moments[local] = utc.microseconds
    wrong |= {
        int(row): f"{texts[int(row)].as_py()!r} does not exist in {clock.zone}: the clock skips it"
        for row in local[utc.skipped]
    }
    refused = np.flatnonzero(plausible.refused(moments) & parsed.read)
    implausible = [int(row) for row in refused if int(row) not in wrong]
    wrong |= {row: plausible.why(texts[row].as_py(), form, int(moments[row])) for row in implausible}
    return Moments(moments, wrong, len(implausible), utc.first, utc.second)


def cause(text: str, form: TimeForm, moment_us: int, plausible: Plausible) -> str:
    """Return what a moment outside the accepted range most likely is, and what to say on the command line."""
    texts = pa.array([text], pa.string())
    if isinstance(form, Epoch) and form.start_us is None:
        others: list[TimeForm] = [ExcelDays(), *(Epoch(unit) for unit in EPOCHS if unit != form.unit)]
        for other in others:
            parsed = other.parse(texts)
            if parsed.read[0] and not Plausible(plausible.now).refused(parsed.microseconds)[0]:
                name = "an Excel date" if isinstance(other, ExcelDays) else str(other)
                return f"{text} reads as {name}: --time-format {other.flag}"
        if moment_us < 366 * 86_400_000_000:
            return (
                f"{text} counts from a start, or the device's clock was not set: --start says when it began "
                "(--start 2026-03-09T10:00:00Z); --any-time takes it as it is"
            )
    if moment_us < EARLIEST_S * 1_000_000:
        return "the device's clock was probably not set; --any-time takes it as it is"
    return (
        "the device's clock is ahead, day and month are exchanged (--date-order), or the zone is another (--timezone); "
        "--any-time takes it as it is"
    )


def _moment_text(moment_us: int) -> str:
    try:
        return moment_of(moment_us).isoformat()
    except (OverflowError, ValueError):
        return f"{moment_us} µs since 1970"
