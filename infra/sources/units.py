"""Units as files write them: in brackets behind a name, at its end, or in a row of their own."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_BRACKETED: Final = re.compile(r"(?P<name>.*\S)\s*[\[(](?P<unit>[^\[\]()]+)[\])]")
_ENCLOSED: Final = re.compile(r"[\[(<](?P<unit>[^\[\]()<>]*)[\])>]")

_SUFFIXES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "_celsius": "°C",
        "_degc": "°C",
        "_deg_c": "°C",
        "_fahrenheit": "°F",
        "_degf": "°F",
        "_kelvin": "K",
        "_kpa": "kPa",
        "_mbar": "mbar",
        "_bar": "bar",
        "_psi": "psi",
        "_mm_s": "mm/s",
        "_mms": "mm/s",
        "_m3h": "m³/h",
        "_m3_h": "m³/h",
        "_rpm": "rpm",
        "_hz": "Hz",
        "_percent": "%",
        "_pct": "%",
        "_amps": "A",
        "_amp": "A",
        "_volts": "V",
        "_kwh": "kWh",
        "_kw": "kW",
        "_nm": "Nm",
        "_ppm": "ppm",
        "_ppb": "ppb",
        "_kg": "kg",
    }
)

_SIMPLE: Final = frozenset(
    (  # noqa: SIM905 - words
        "°c °f °k k c f degc degf deg celsius fahrenheit kelvin grad ° rad mrad pa hpa kpa mpa bar mbar psi "
        "atm torr mmhg inhg m cm mm µm um nm km in ft mil mils l ml kl gal m3 m³ cm3 cm³ dm3 dm³ ft3 g mg kg "
        "t lb lbs lbf n kn kgf j kj mj wh kwh mwh w kw mw va kva var kvar v mv kv a ma µa ua amp amps volt "
        "volts ohm ω kω mω s sec secs second seconds ms msec us µs ns min mins h hr hrs hour hours d day "
        "days hz khz mhz rpm 1/min u/min rev/min r/min cpm % pct percent %rh rh ppm ppb pcs count counts db "
        "dba g's lux lx mol cd t/h mm/s m/s m/s2 m/s² l/min l/h l/s m3/h m³/h kg/h gpm cfm scfm ips s/cm "
        "µs/cm ms/cm ntu ph w/m2 w/m² kwh/m2 kg/m3 g/l mg/l µg/m3 µg/m³ degree degrees "
    ).split()
)
_NONE: Final = frozenset({"-", "--", "–", "none", "n/a", "1", "text", "string", "float", "double"})
_FORM: Final = re.compile(r"[°%µΩ]?[A-Za-zµΩ%]{0,5}[²³23]?(?:[/·*^][A-Za-z°µ]{0,4}[²³23]?(?:\^?-?\d)?)*")


def is_unit(text: str) -> bool:
    """Return whether a text is a unit, in brackets or not."""
    text = text.strip()
    if enclosed := _ENCLOSED.fullmatch(text):
        return enclosed["unit"].strip() in _NONE or _can_be_unit(enclosed["unit"])
    return _is_known(text) or text.lower() in {"ts", "rn"}


def unit_text(text: str) -> str:
    """Return the unit that a cell of a row of units states; "" for none, and for what a logger says of its records."""
    text = text.strip()
    if enclosed := _ENCLOSED.fullmatch(text):
        text = enclosed["unit"].strip()
    if text.lower() in _NONE or text.upper() in {"TS", "RN"}:
        return ""
    plain = re.sub(r"(?i)^(?:deg(?:ree)?s?[ _.]?)(?=[cfk]$)", "°", text)
    return plain.upper() if re.fullmatch(r"°[cfkCFK]", plain) else plain


def name_and_unit(column: str) -> tuple[str, str]:
    """Return a header's channel name and unit: `flow [m³/h]`, `flow (m³/h)`, `temperature_celsius`; "" for no unit.

    In square brackets anything is a unit; in round ones only what looks like one: `NOx(GT)` is a name.
    """
    if found := _BRACKETED.fullmatch(column):
        unit = found["unit"].strip()
        if column.rstrip().endswith("]") or _is_known(unit) or (_can_be_unit(unit) and re.search(r"[/°%³²µ]", unit)):
            return found["name"], unit_text(unit)
        return column, ""
    for suffix, unit in _SUFFIXES.items():
        if column.lower().endswith(suffix) and len(column) > len(suffix):
            return column[: -len(suffix)], unit
    return column, ""


def _is_known(text: str) -> bool:
    lower = text.lower().strip()
    if (
        lower in _SIMPLE
        or re.fullmatch(r"deg(?:ree)?s?[ _.]?[cfk]", lower)
        or (lower in _NONE and lower not in {"1", "none"})
    ):
        return True
    parts = re.split(r"[/·*]", re.sub(r"\^?[-\d²³]+", "", lower))
    return len(parts) > 1 and all(part in _SIMPLE for part in parts if part)


def _can_be_unit(text: str) -> bool:
    text = text.strip()
    return _is_known(text) or bool(text and _FORM.fullmatch(text))
