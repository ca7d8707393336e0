"""Profiles as people write them: a TOML or JSON file, or one text per channel."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from domain.profiles import Channel, Role
from infra.sources.files.plan import WIDEST

CHANNEL_FORM: Final = "NAME[:UNIT[:ROLE[:MINIMUM:MAXIMUM]]]"

EXAMPLE: Final = """\
name = "pump"
expected_interval_s = 1.0

[[channels]]
name = "speed"
unit = "%"
role = "condition"        # explains the others; response, the default, is judged
minimum = 0               # plausible bounds; without them the channel is unbounded
maximum = 120

[[channels]]
name = "vibration"
unit = "mm/s"
"""


class ProfileNotUnderstood(ValueError):
    """The description can't be read; the message says where."""


@dataclass(frozen=True, slots=True)
class Description:
    """A profile before it is defined."""

    name: str
    channels: tuple[Channel, ...]
    expected_interval_s: float


def read_description(path: Path) -> Description:
    """Return the profile that a .toml or .json file describes.

    Raises:
        ProfileNotUnderstood: it is neither, or says something else than a profile.
        OSError: it can't be opened.
    """
    text = path.read_text(encoding="utf-8")
    try:
        plain = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, tomllib.TOMLDecodeError) as error:
        raise ProfileNotUnderstood(f"{path}: {error}") from error
    if not isinstance(plain, dict):
        raise ProfileNotUnderstood(f"{path}: it is no table of name, expected_interval_s and channels")
    try:
        _only(plain, {"name", "expected_interval_s", "channels"})
        return Description(
            name=_text(plain, "name"),
            channels=tuple(_channel(one) for one in _list(plain, "channels")),
            expected_interval_s=_number(plain, "expected_interval_s"),
        )
    except ProfileNotUnderstood as error:
        raise ProfileNotUnderstood(f"{path}: {error}") from error


def channel_of(text: str) -> Channel:
    """Return the channel a text of CHANNEL_FORM describes.

    Raises:
        ProfileNotUnderstood: it is not of that form.
    """
    parts = text.split(":")
    if len(parts) not in (1, 2, 3, 5) or not parts[0]:
        raise ProfileNotUnderstood(f"channel {text!r}: write {CHANNEL_FORM}, such as speed:%:condition:0:120")
    bounds: Sequence[str | float] = parts[3:] or (-WIDEST, WIDEST)
    try:
        minimum, maximum = (float(bound) for bound in bounds)
    except ValueError as error:
        raise ProfileNotUnderstood(f"channel {text!r}: its bounds are no numbers") from error
    unit, role = [*parts[1:3], *["", Role.RESPONSE][len(parts[1:3]) :]]
    return Channel(name=parts[0], unit=unit, role=role, minimum=minimum, maximum=maximum)


def _channel(plain: object) -> Channel:
    if not isinstance(plain, dict):
        raise ProfileNotUnderstood("a channel is a table of name, unit, role, minimum, maximum")
    _only(plain, {"name", "unit", "role", "minimum", "maximum"})
    return Channel(
        name=_text(plain, "name"),
        unit=_text(plain, "unit", ""),
        role=_text(plain, "role", Role.RESPONSE),
        minimum=_number(plain, "minimum", -WIDEST),
        maximum=_number(plain, "maximum", WIDEST),
    )


def _only(plain: Mapping[str, Any], known: set[str]) -> None:
    if strange := set(plain) - known:
        raise ProfileNotUnderstood(
            f"{', '.join(sorted(strange))} is not understood; there are {', '.join(sorted(known))}"
        )


def _text(plain: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = plain.get(name, default)
    if not isinstance(value, str):
        raise ProfileNotUnderstood(f"{name} must be a text" if name in plain else f"{name} is missing")
    return value


def _number(plain: Mapping[str, Any], name: str, default: float | None = None) -> float:
    value = plain.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ProfileNotUnderstood(f"{name} must be a number" if name in plain else f"{name} is missing")
    return float(value)


def _list(plain: Mapping[str, Any], name: str) -> list[object]:
    value = plain.get(name)
    if not isinstance(value, list):
        raise ProfileNotUnderstood(f"{name} must be a list" if name in plain else f"{name} is missing")
    return value
