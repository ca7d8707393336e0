"""TOA5 and TOACI1: the text files of Campbell Scientific's loggers.

Line 1 names the station; then names, and in TOA5 units and how each value was made (Avg, Smp, Max).
"""

from collections.abc import Sequence
from typing import Final

from infra.sources.csv.header import Header, NoHeader, is_value
from infra.sources.units import unit_text

TOA5: Final = {"TOA5": 4, "TOACI1": 2}
"""Lines of header by the first cell of the file; the last one of TOA5, how values were made, may be left out."""


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
    # The line that says how values were made has nothing under the time; a row of data has one.
    first_row = lines - 1 if is_value(rows[lines - 1][0]) else lines
    return Header(names=names, units={name: unit for name, unit in units.items() if unit}, first_row=first_row)
