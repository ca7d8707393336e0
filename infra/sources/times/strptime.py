"""`--time-format` as C and Python write it: %Y-%m-%d %H:%M:%S and so on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from infra.sources.times.calendar import assemble
from infra.sources.times.parsed import NoTimeForm, Parsed

_DIRECTIVES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Y": r"(?P<year>\d{4})",
        "y": r"(?P<year>\d{2})",
        "m": r"(?P<month>\d{1,2})",
        "b": r"(?P<month>[A-Za-zÀ-ÿ]+\.?)",
        "B": r"(?P<month>[A-Za-zÀ-ÿ]+)",
        "h": r"(?P<month>[A-Za-zÀ-ÿ]+\.?)",
        "d": r"(?P<day>\d{1,2})",
        "e": r"\s*(?P<day>\d{1,2})",
        "j": r"(?P<yearday>\d{1,3})",
        "G": r"(?P<year>\d{4})",
        "V": r"(?P<week>\d{1,2})",
        "u": r"(?P<weekday>[1-7])",
        "H": r"(?P<hour>\d{1,2})",
        "I": r"(?P<hour>\d{1,2})",
        "M": r"(?P<minute>\d{1,2})",
        "S": r"(?P<second>\d{1,2})",
        "f": r"(?P<fraction>\d{1,9})",
        "p": r"(?P<half>[AaPp]\.?[Mm]\.?)",
        "z": r"\s*(?P<zone>[zZ]|[+-]\d{2}:?\d{2}|[+-]\d{2})",
        "Z": r"(?P<zone>[zZ]|UTC|GMT)",
        "a": r"[A-Za-zÀ-ÿ]+\.?",
        "A": r"[A-Za-zÀ-ÿ]+",
        "%": "%",
    }
)
_SHORT: Final = (("%T", "%H:%M:%S"), ("%F", "%Y-%m-%d"), ("%R", "%H:%M"), ("%D", "%m/%d/%y"))


@dataclass(frozen=True, slots=True)
class ByPattern:
    """Times written as `pattern` says."""

    pattern: str
    regex: str

    @property
    def flag(self) -> str:
        """What `--time-format` says."""
        return self.pattern

    def __str__(self) -> str:
        return self.pattern

    def parse(self, texts: pa.StringArray) -> Parsed:
        """Return what trimmed cells say."""
        found = pc.extract_regex(texts, self.regex)
        read = found.is_valid()
        groups = {field.name: pc.struct_field(found, field.name).fill_null("") for field in found.type}
        parts = {name: pc.if_else(read, texts_of, "") for name, texts_of in groups.items()}
        return assemble(parts, read.to_numpy(zero_copy_only=False))


def by_pattern(pattern: str) -> ByPattern:
    """Return the form that a pattern describes.

    Raises:
        NoTimeForm: it names no year, or a part that is not understood.
    """
    spelled = pattern
    for short, long in _SHORT:
        spelled = spelled.replace(short, long)
    regex, seen = "^", set[str]()
    for directive, literal in re.findall(r"%(.)|([^%]+)", spelled):
        if literal:
            regex += re.sub(r"(\\?\s)+", r"\\s+", re.escape(literal))
            continue
        if directive not in _DIRECTIVES:
            known = " ".join(f"%{name}" for name in _DIRECTIVES)
            raise NoTimeForm(f"--time-format {pattern!r}: %{directive} is not understood; there are {known}")
        part = _DIRECTIVES[directive]
        if name := re.search(r"\?P<(\w+)>", part):
            if name[1] in seen:
                raise NoTimeForm(f"--time-format {pattern!r} names the {name[1]} twice")
            seen.add(name[1])
        regex += part
    if "year" not in seen:
        raise NoTimeForm(f"--time-format {pattern!r} names no year (%Y or %y)")
    return ByPattern(pattern, regex + "$")
