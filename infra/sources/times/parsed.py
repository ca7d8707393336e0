"""What every form of time gives: moments, which of them name a zone, and which cells could be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Parsed:
    """Moments of a column's cells; n of them.

    microseconds: int64 array (n,) since 1970, as the cell says: local time unless `zoned`; 0 where not read.
    zoned: bool array (n,), the cell names its zone (or counts from a moment in UTC) and the moment is UTC.
    read: bool array (n,), the cell could be read.
    """

    microseconds: NDArray[np.int64]
    zoned: NDArray[np.bool_]
    read: NDArray[np.bool_]


class TimeForm(Protocol):
    """A form in which moments are written."""

    @property
    def flag(self) -> str | None:
        """What `--time-format` says for this form; None when the column shows it without help."""

    def parse(self, texts: pa.StringArray) -> Parsed:
        """Return what trimmed cells say."""

    def __str__(self) -> str: ...


class NoTimeForm(ValueError):
    """The column's times can't be understood; the message says why and what to say on the command line."""


class AmbiguousDate(NoTimeForm):
    """Every date of the column can be read in more than one order; `orders` are those, as `--date-order` names them."""

    def __init__(self, example: str, orders: Sequence[str]) -> None:
        super().__init__(
            f"{example!r}: no date of the column tells whether {' or '.join(orders)} comes first: "
            f"say --date-order {' or '.join(orders)}"
        )
        self.orders = tuple(orders)
