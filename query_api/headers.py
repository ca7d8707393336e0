"""What a request's headers wish for: Accept with weights, If-None-Match with lists (RFC 9110, 12.5.1 and 13.1.2)."""

import re
from typing import Final

_TAG: Final = re.compile(r'(?:W/)?("[^"]*")')


def is_known(tag: str, if_none_match: str | None) -> bool:
    """Return whether the header names `tag`, alone or among others, weak or not; `*` names every one."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match)


def prefers_csv(accept: str) -> bool:
    """Return whether CSV is wanted more than JSON; when both are as welcome, whichever is named exactly."""
    weights: dict[str, float] = {}
    for part in accept.lower().split(","):
        media_type, *parameters = (piece.strip() for piece in part.split(";"))
        weights[media_type] = _weight(parameters)
    csv = _weight_of("text/csv", weights)
    json = _weight_of("application/json", weights)
    return csv > 0 and (csv > json or (csv == json and "text/csv" in weights and "application/json" not in weights))


def _weight_of(media_type: str, weights: dict[str, float]) -> float:
    family = media_type.partition("/")[0]
    return next((weights[name] for name in (media_type, f"{family}/*", "*/*") if name in weights), 0.0)


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
