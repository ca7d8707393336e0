"""Columns of text to numbers: either decimal mark, marks of thousands, words that say nothing was measured."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_NUMBER: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_EITHER: Final = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?")
_GROUPS: Final = re.compile(r"[+-]?\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+(?:[.,]\d+)?")

MISSING: Final = frozenset(
    (
        "",
        "na",
        "n/a",
        "#n/a",
        "#na",
        "n.a.",
        "n.a",
        "nan",
        "-nan",
        "+nan",
        "null",
        "nil",
        "none",
        "nul",
        "missing",
        "-",
        "--",
        "---",
        "–",
        "—",
        "?",
        "???",
        "***",
        "k.a.",
        "1.#qnan",
        "-1.#ind",
        "1.#ind",
        "bad",
        "bad input",
        "bad data",
        "bad quality",
        "bad value",
        "no data",
        "nodata",
        "no value",
        "no good data",
        "no result",
        "no sample",
        "i/o timeout",
        "pt created",
        "point created",
        "not connect",
        "not connected",
        "comm fail",
        "comm failure",
        "comm error",
        "communication failure",
        "shutdown",
        "calc failed",
        "calc fail",
        "calc off",
        "configure",
        "scan off",
        "scan timeout",
        "scan time",
        "out of serv",
        "out of service",
        "intf shut",
        "under range",
        "over range",
        "underrange",
        "overrange",
        "arc off-line",
        "arc offline",
        "access denied",
        "error",
        "invalid",
        "invalid data",
        "invalid float",
        "unit down",
        "not available",
        "unavailable",
        "failed",
        "fault",
        "digital state",
        "no alarm",
        "not measured",
        "nicht verfügbar",
        "keine daten",
        "fehler",
        "ungültig",
        "ausfall",
        "equip fail",
        "trace off",
        "bad total",
        "no lab data",
        "dcs failed",
        "snapfix",
        "off-line",
        "offline",
        "#value!",
        "#div/0!",
        "#ref!",
        "#name?",
        "#num!",
        "#null!",
        "#wert!",
        "#nv",
        "undefined",
        "unknown",
    )
)
"""Cells, in lower case, that say that this channel was not measured: of spreadsheets, loggers, historians, programs."""

BOOLEANS: Final[Mapping[str, float]] = MappingProxyType({"true": 1.0, "false": 0.0})
"""Words that are a number without being declared."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """values: float64 array (n,), NaN where there is none.

    wrong: bool array (n,), text that is no finite number. missing: bool array (n,), a cell that says nothing was
    measured, in other words than by being empty.
    """

    values: NDArray[np.float64]
    wrong: NDArray[np.bool_]
    missing: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CellRules:
    """How cells of channels are read.

    decimal: the decimal mark. missing: words in lower case and numbers that say that nothing was measured, beside
    MISSING. states: words in lower case that are numbers.
    """

    decimal: str = "."
    missing: frozenset[str] = frozenset()
    sentinels: tuple[float, ...] = ()
    states: Mapping[str, float] = field(default_factory=lambda: BOOLEANS)

    def with_decimal(self, decimal: str) -> "CellRules":
        """Return the same rules with another decimal mark."""
        return CellRules(decimal, self.missing, self.sentinels, self.states)


def cell_rules(*, missing: Iterable[str] = (), states: Mapping[str, float] | None = None) -> CellRules:
    """Return the rules of what a person declared beside what is known by itself."""
    words = {word.strip().lower() for word in missing}
    numbers = tuple(float(word.replace(",", ".")) for word in words if is_number(word))
    lower = {word.strip().lower(): value for word, value in (states or {}).items()}
    return CellRules(missing=frozenset(words), sentinels=numbers, states={**BOOLEANS, **lower})


PLAIN: Final = CellRules()
_SHOWN: Final = 80


def numbers_of(texts: pa.Array, rules: CellRules = PLAIN) -> Numbers:
    """Return the numbers that cells hold; a cell that says nothing was measured is no number and not wrong."""
    if not pa.types.is_string(texts.type):
        return _typed(texts, rules)
    count = len(texts)
    try:
        # The common case: numbers and empty cells, decimal point. Arrow refuses anything else.
        if rules.decimal == ".":
            values = _cast(texts)
            return _without_sentinels(values, np.zeros(count, np.bool_), np.zeros(count, np.bool_), rules)
    except pa.ArrowInvalid:
        pass
    coded = texts.dictionary_encode()
    words = pc.utf8_trim_whitespace(coded.dictionary)
    read = _distinct(words, rules)
    places = coded.indices.to_numpy()
    return _without_sentinels(read.values[places], read.wrong[places], read.missing[places], rules)


def _cast(texts: pa.StringArray) -> NDArray[np.float64]:
    empty = pc.equal(texts, "")
    cells = pc.if_else(empty, None, texts) if pc.any(empty).as_py() else texts
    values = cells.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False).copy()
    # Arrow reads nan and inf too, which are words here.
    if np.isinf(values).any() or np.isnan(values).sum() != pc.sum(empty).as_py():
        raise pa.ArrowInvalid("words among the numbers")
    return np.asarray(values)


def _distinct(words: pa.StringArray, rules: CellRules) -> Numbers:
    lower = pc.utf8_lower(words)
    missing = np.array([word in MISSING or word in rules.missing for word in lower.to_pylist()], np.bool_)
    states = [rules.states.get(word, np.nan) for word in lower.to_pylist()]
    stated = ~np.isnan(np.array(states, np.float64))
    plain = _plain(words, rules.decimal)
    read = pc.match_substring_regex(plain, _NUMBER).to_numpy(zero_copy_only=False)
    values = pc.if_else(pa.array(read), plain, None).cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
    values = np.where(stated, states, values)
    missing &= ~stated
    values[missing] = np.nan
    wrong = ~missing & ~np.isfinite(values)
    values[wrong] = np.nan
    given = pc.not_equal(words, "").to_numpy(zero_copy_only=False)
    return Numbers(values, wrong, missing & given)


def _plain(words: pa.StringArray, decimal: str) -> pa.StringArray:
    """Return numbers without marks of thousands, with a decimal point; what is not written so stays no number."""
    other = r"\." if decimal == "," else ","
    mark = "," if decimal == "," else r"\."
    blank = r"[ \x{00a0}\x{2009}\x{202f}]"
    grouped = rf"^[+-]?\d{{1,3}}(?:(?:{other}\d{{3}})+|(?:['’]\d{{3}})+|(?:{blank}\d{{3}})+)(?:{mark}\d*)?$"
    groups = pc.match_substring_regex(words, grouped)
    joined = pc.replace_substring_regex(words, rf"[{other}'’ \x{{00a0}}\x{{2009}}\x{{202f}}]", "")
    plain = pc.if_else(groups, joined, words)
    if decimal != ",":
        return plain
    # A point that is no mark of thousands must not pass for a decimal mark.
    pointed = pc.match_substring(plain, ".")
    return pc.if_else(pointed, "?", pc.replace_substring(plain, ",", "."))


def _typed(cells: pa.Array, rules: CellRules) -> Numbers:
    """Return numbers, booleans and decimals of a typed column; null and NaN were not measured."""
    count = len(cells)
    if pa.types.is_dictionary(cells.type):
        return numbers_of(cells.cast(pa.string()).fill_null(""), rules)
    values = (
        cells.cast(pa.float64(), safe=False)
        if not pa.types.is_boolean(cells.type)
        else cells.cast(pa.int8()).cast(pa.float64())
    )
    array = values.fill_null(np.nan).to_numpy(zero_copy_only=False).copy()
    wrong = np.isinf(array)
    array[wrong] = np.nan
    return _without_sentinels(array, wrong, np.zeros(count, np.bool_), rules)


def _without_sentinels(
    values: NDArray[np.float64], wrong: NDArray[np.bool_], missing: NDArray[np.bool_], rules: CellRules
) -> Numbers:
    if rules.sentinels:
        hit = np.isin(values, np.array(rules.sentinels))
        values, missing = np.where(hit, np.nan, values), missing | hit
    return Numbers(values, wrong, missing)


def not_finite(text: str) -> str:
    """Return what is wrong with a cell that is no number; of a very long one only the beginning is shown."""
    shown = repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}… ({len(text):,} characters)"
    return f"{shown} is not a finite number"


def is_number(text: str) -> bool:
    """Return whether a cell holds a number, in either decimal mark, with or without marks of thousands."""
    text = text.strip()
    return bool(_EITHER.fullmatch(text) or _GROUPS.fullmatch(text))


def is_missing(text: str) -> bool:
    """Return whether a cell says that nothing was measured."""
    return text.strip().lower() in MISSING
