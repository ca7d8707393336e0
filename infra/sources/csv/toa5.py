"""TOA5 and TOACI1: the text files of Campbell Scientific's loggers.

Line 1 names the station; then names, and in TOA5 units and how each value was made (Avg, Smp, Max).
"""

from collections.abc import Sequence
from typing import Final

from infra.sources.csv.header import Header, NoHeader
from infra.sources.units import unit_text

TOA5: Final = {"TOA5": 4, "TOACI1": 2}
"""Lines of header by the first cell of the file."""


def toa5_header(rows: Sequence[Sequence[str]]) -> Header:
    """Return the header of a logger's rows.

    Raises:
        NoHeader: lines are missing.
    """
    lines = TOA5[rows[0][0]]
    if len(rows) < lines:
        raise NoHeader(f"a {rows[0][0]} file has {lines} lines of header, this one {len(rows)} rows")
    names = tuple(name.strip() for name in rows[1])
    units = dict(zip(names, map(unit_text, rows[2]), strict=False)) if lines == TOA5["TOA5"] else {}
    return Header(names=names, units={name: unit for name, unit in units.items() if unit}, first_row=lines)
