"""Columns of text to numbers."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


@dataclass(frozen=True, slots=True)
class Numbers:
    """values: float64 array (n,), NaN where there is none; wrong: bool array (n,), text that is no finite number."""

    values: NDArray[np.float64]
    wrong: NDArray[np.bool_]


def numbers_of(texts: pa.StringArray, *, decimal: str = ".") -> Numbers:
    """Return the numbers that cells hold; an empty cell is no number and not wrong.

    NaN and infinities are wrong: a channel that was not measured has an empty cell.
    """
    texts = pc.utf8_trim_whitespace(texts)
    if decimal != ".":
        texts = pc.replace_substring(texts, decimal, ".")
    given = pc.not_equal(texts, "").to_numpy(zero_copy_only=False)
    cells = texts if given.all() else pc.if_else(pa.array(given), texts, None)
    try:
        values = cells.cast(pa.float64())
        read = given
    except pa.ArrowInvalid:
        read = pc.match_substring_regex(texts, _NUMBER).to_numpy(zero_copy_only=False)
        values = pc.if_else(pa.array(read), texts, None).cast(pa.float64())
    floats = values.fill_null(np.nan).to_numpy(zero_copy_only=False).copy()
    wrong = given & ~(read & np.isfinite(floats))
    floats[wrong] = np.nan
    return Numbers(floats, wrong)


def is_number(text: str) -> bool:
    """Return whether a cell holds a number, in either decimal mark."""
    return bool(pc.match_substring_regex(pa.array([text.strip().replace(",", ".")]), _NUMBER)[0].as_py())
