"""The colours, light and dark. Orange is what machines do, blue what people do and choose, grey what was expected."""

from collections.abc import Mapping
from typing import Final

import streamlit as st

PALETTE: Final[Mapping[str, Mapping[str, str]]] = {
    "light": {
        "ground": "#FFFFFF",
        "raised": "#F4F5F7",
        "rule": "#DDE1E6",
        "grid": "#EDEFF2",
        "ink": "#1D2430",
        "muted": "#56606E",
        "faint": "#6B7480",
        "accent": "#1F5FA8",
        "accent_soft": "#E8F0FA",
        "accent_fill": "#1F5FA8",
        "warning": "#F7CFA8",
        "high": "#E9873A",
        "critical": "#A6320A",
        "band": "#E3E6EB",
        "line": "#39424F",
        "nodata": "#B9BFC8",
    },
    "dark": {
        "ground": "#14171C",
        "raised": "#1D2229",
        "rule": "#323943",
        "grid": "#242A32",
        "ink": "#E6E9ED",
        "muted": "#A6AFBB",
        "faint": "#7F8997",
        "accent": "#7DB2EE",
        "accent_soft": "#1B2A3D",
        "accent_fill": "#3D74B4",
        "warning": "#63411F",
        "high": "#BF6A28",
        "critical": "#FFA468",
        "band": "#2F363F",
        "line": "#C3CAD3",
        "nodata": "#525B67",
    },
}

SEVERITIES: Final = ("warning", "high", "critical")
"""From least to worst."""

SEVERITY_LIMITS: Final = "Severity: warning above the threshold, high from 1.5 × it, critical from 3 ×."


def palette() -> Mapping[str, str]:
    """Return the colours of the theme that the reader has."""
    return PALETTE[st.context.theme.type or "light"]


def rank(severity: str | None) -> int:
    """Return 0 for normal, then 1, 2, 3; a severity of tomorrow counts as the worst."""
    if severity is None:
        return 0
    return SEVERITIES.index(severity) + 1 if severity in SEVERITIES else len(SEVERITIES)


def severity_of(score: float) -> str:
    """Return a score's severity as the verdicts have it; only for scores above 1."""
    return "warning" if score < 1.5 else "high" if score < 3 else "critical"
