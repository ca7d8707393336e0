"""A column of ground truth: what people or the source know about rows. Never a feature."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_NO: Final = ("0", "0.0", "false", "f", "no", "n", "normal", "ok", "healthy", "none")
_YES: Final = ("1", "1.0", "true", "t", "yes", "y", "anomaly", "abnormal")


def labels_of(texts: pa.StringArray) -> tuple[pa.BooleanArray, pa.StringArray]:
    """Return whether a fault is known and its kind: an empty cell is not known, other text is the kind itself."""
    texts = pc.utf8_trim_whitespace(texts)
    lower = pc.utf8_lower(texts)
    known = pc.not_equal(texts, "")
    plain_no, plain_yes = (pc.is_in(lower, pa.array(words)) for words in (_NO, _YES))
    injected = pc.if_else(known, pc.invert(plain_no), None)
    named = pc.and_(known, pc.invert(pc.or_(plain_no, plain_yes)))
    return injected, pc.if_else(named, texts, None)


def no_labels(count: int) -> tuple[pa.BooleanArray, pa.StringArray]:
    """Return the labels of rows about which nothing is known."""
    return pa.nulls(count, pa.bool_()), pa.nulls(count, pa.string())
