"""Columns that hold words where numbers are expected, and what to say about them."""

import re
from collections.abc import Mapping
from typing import Final

from infra.sources.csv.numbers import BOOLEANS, CellRules, is_missing, is_number
from infra.sources.files.columns_do_not_fit import ColumnsDoNotFit
from infra.sources.files.table import Table

MACHINE: Final = re.compile(
    r"(?i)machine.*|asset.*|device.*|equipment.*|unit[ _]?(?:id|no|name)?|host|anlage|maschine|ger[äa]t|turbine.*"
)
SENSOR: Final = re.compile(r"(?i)sensor.*|position|location|place|probe.*|messort")
_STATES: Final[Mapping[str, float]] = {
    "on": 1, "off": 0, "open": 1, "closed": 0, "close": 0, "yes": 1, "no": 0, "run": 1, "running": 1, "stop": 0,
    "stopped": 0, "ein": 1, "aus": 0, "an": 1, "auf": 1, "zu": 0, "high": 1, "low": 0, "active": 1, "inactive": 0,
    "enabled": 1, "disabled": 0, "start": 1, "started": 1, "idle": 0, "ja": 1, "nein": 0, "marche": 1, "arrêt": 0,
}  # fmt: skip


def must_hold_numbers(table: Table, column: str, cells: CellRules) -> None:
    """Return if a column holds numbers for the most part.

    Raises:
        ColumnsDoNotFit: it holds words; the advice says what they could be.
    """
    sample = table.sample_of(column)
    given = [text for text in sample if not is_missing(text) and text.lower() not in cells.missing]
    numbers = [text for text in given if is_number(text) or text.lower() in cells.states]
    if not table.sample or not sample or not given or 2 * len(numbers) >= len(given):
        return
    words = list(dict.fromkeys(text for text in given if text not in numbers))
    message = f"{table.path}: column {column!r} holds text such as {words[0][:40]!r}, no numbers"
    lower = {word.lower() for word in words}
    if lower <= {*_STATES, *BOOLEANS} and not numbers:
        states = ",".join(f"{word}={_STATES[word]:g}" for word in sorted(lower - set(BOOLEANS)))
        raise ColumnsDoNotFit(
            f"{message}; its words as numbers: --states {states}; or --ignore {column!r}", advice={"states": states}
        )
    if MACHINE.fullmatch(column) and not (table.tags or numbers):
        raise ColumnsDoNotFit(f"{message}; say --machine {column!r} or --ignore {column!r}", advice={"machine": column})
    if SENSOR.fullmatch(column) and not numbers:
        raise ColumnsDoNotFit(f"{message}; say --sensor {column!r} or --ignore {column!r}", advice={"sensor": column})
    raise ColumnsDoNotFit(f"{message}; say --ignore {column!r}", advice={"ignore": column})
