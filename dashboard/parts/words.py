"""Words and figures as html: severity, tags, headings, figures, tables, quiet and empty lines."""

from collections.abc import Collection, Sequence
from html import escape

import streamlit as st


def severity(level: str) -> str:
    """Return three bars, filled as far as the level: the same news with and without colour."""
    known = escape(level)
    return f'<span class="sev {known}" role="img" aria-label="{known}" title="{known}"><i></i><i></i><i></i></span>'


def tag(text: str, kind: str = "") -> str:
    """Return a word in a box: plain, ink, accent or dashed."""
    return f'<span class="tag {kind}">{escape(text)}</span>'


def mono(text: str, kind: str = "") -> str:
    """Return a position, a hash or a command in the fixed font."""
    return f'<span class="mono {kind}">{escape(text)}</span>'


def heading(text: str, note: str = "") -> None:
    """Write a heading; the note beside it is html."""
    st.html(f'<div class="tt-h">{escape(text)}<span class="n">{note}</span></div>')


def quiet(html: str) -> None:
    """Write the line that says that nothing is wrong, with its proof of life."""
    st.html(f'<div class="tt-quiet">{html}</div>')


def empty(html: str) -> None:
    """Write the box that stands where there is nothing to show, and says where there is."""
    st.html(f'<div class="tt-empty">{html}</div>')


def banner(html: str) -> None:
    """Write the ink-edged banner: the system itself has a problem."""
    st.html(f'<div class="tt-banner down">{html}</div>')


def command(text: str) -> None:
    """Write the exact command, to copy."""
    st.code(text, language=None, wrap_lines=True)


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: Collection[int] = (),
    on: int | None = None,
    css: str = "",
) -> None:
    """Write a table. Cells are html; `right` names the columns of numbers, `on` the chosen row."""

    def cells(kind: str, row: Sequence[str]) -> str:
        return "".join(f"<{kind}{' class=r' if i in right else ''}>{cell}</{kind}>" for i, cell in enumerate(row))

    body = "".join(f"<tr{' class=on' if i == on else ''}>{cells('td', row)}</tr>" for i, row in enumerate(rows))
    head = f"<thead><tr>{cells('th', columns)}</tr></thead>"
    st.html(f'<div class="tt-wrap"><table class="tt {css}">{head}<tbody>{body}</tbody></table></div>')
