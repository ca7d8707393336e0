"""Times as numbers: seconds and smaller units since 1970, days as spreadsheets count them, time since a start."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from infra.sources.csv.numbers import numbers_of
from infra.sources.times.parsed import Parsed

EPOCHS: Final[Mapping[str, tuple[float, str]]] = MappingProxyType(
    {
        "s": (1e6, "seconds since 1970"),
        "ms": (1e3, "milliseconds since 1970"),
        "us": (1.0, "microseconds since 1970"),
        "ns": (1e-3, "nanoseconds since 1970"),
    }
)
"""By --time-format: microseconds in one unit, and what people call it."""

_LARGEST_US: Final = 2.0**62
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Epoch:
    """Numbers of a unit since 1970 in UTC, or since `start_us` (µs since 1970 UTC) if given."""

    unit: str
    start_us: int | None = None

    @property
    def flag(self) -> str:
        """What `--time-format` says."""
        return self.unit

    def __str__(self) -> str:
        name = EPOCHS[self.unit][1]
        return name if self.start_us is None else name.replace("1970", "the start")

    def parse(self, texts: pa.StringArray) -> Parsed:
        """Return what trimmed cells say; whole numbers exactly, since a float can't hold nanoseconds since 1970."""
        scale, count = EPOCHS[self.unit][0], len(texts)
        start_us = self.start_us or 0
        zoned = np.ones(count, np.bool_)
        try:
            exact = texts.cast(pa.int64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            numbers = numbers_of(pc.replace_substring(texts, ",", ".")).values
            good = ~np.isnan(numbers) & (np.abs(numbers * scale) < _LARGEST_US)
            return Parsed(np.rint(np.where(good, numbers, 0) * scale).astype(np.int64) + start_us, zoned, good)
        good = np.abs(exact.astype(np.float64)) * scale < _LARGEST_US
        safe = np.where(good, exact, 0)
        return Parsed((safe * int(scale) if scale >= 1 else safe // 1000) + start_us, zoned, good)


@dataclass(frozen=True, slots=True)
class ExcelDays:
    """Days since the end of 1899 in local time, as spreadsheets store them (1900 system, from 1 March 1900 on)."""

    @property
    def flag(self) -> str:
        """What `--time-format` says."""
        return "excel"

    def __str__(self) -> str:
        return "Excel days"

    def parse(self, texts: pa.StringArray) -> Parsed:
        """Return what trimmed cells say; day and time of day in two columns are added."""
        texts = pc.replace_substring(texts, ",", ".")
        parts = pc.utf8_split_whitespace(texts, max_splits=1)
        days = numbers_of(pc.list_element(parts, 0)).values.copy()
        second = _truth(pc.greater(pc.list_value_length(parts), 1))
        if second.any():
            days[second] += numbers_of(pc.list_element(parts.filter(pa.array(second)), 1)).values
        good = ~np.isnan(days) & (days >= 61) & (days < 110_000)
        seconds = np.where(good, days - 25_569, 0.0) * _DAY_S
        return Parsed(_snapped(seconds, texts), np.zeros(len(texts), np.bool_), good)


def _snapped(seconds: NDArray[np.float64], texts: pa.StringArray) -> NDArray[np.int64]:
    """Return microseconds; where the text's last digit is coarser than a second's part, the whole second it means.

    46345.260417 is 06:15:00.029 to the digit; with six decimals it stands for every moment within 43 ms of it.
    """
    decimals = np.array([len(text.partition(".")[2]) for text in texts.to_pylist()], np.float64)
    half_digit_s = 0.5 * 10.0**-decimals * _DAY_S
    whole = np.rint(seconds)
    means_whole = (np.abs(seconds - whole) <= half_digit_s * 1.01) & (half_digit_s < 0.5) & (decimals > 0)
    exact_ms = np.rint(seconds * 1e3) * 1e3
    return np.where(means_whole, whole * 1e6, exact_ms).astype(np.int64)


def _truth(flags: pa.BooleanArray) -> NDArray[np.bool_]:
    truth: NDArray[np.bool_] = flags.fill_null(False).to_numpy(zero_copy_only=False)
    return truth
