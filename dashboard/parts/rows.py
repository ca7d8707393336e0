"""A table whose rows each have the exact command beside them, to copy."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import streamlit as st

SHARES: Final = (29, 11)
"""Widths of a row and of its command, unless the commands are long; below each other in a narrow window."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its part of the width, and whether it holds numbers."""

    name: str
    share: int
    right: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells, which are html, and what to type about it."""

    cells: tuple[str, ...]
    command: str


def command_rows(columns: Sequence[Column], rows: Sequence[Row], *, key: str, shares: tuple[int, int] = SHARES) -> None:
    """Write the rows; the columns stand in line although each row is an element of its own."""
    with st.container(key=f"commands_{key}"):
        head, beside = _pair(f"{key}_head", shares)
        head.html(_table(columns, [escape(column.name) for column in columns], kind="th"))
        beside.html('<div class="tt-beside">command</div>')
        for place, row in enumerate(rows):
            left, right = _pair(f"{key}_{place}", shares)
            left.html(_table(columns, row.cells, kind="td"))
            right.code(row.command, language=None, wrap_lines=True)


def _pair(key: str, shares: tuple[int, int]) -> Sequence[st.delta_generator.DeltaGenerator]:
    return st.container(key=f"split_{key}").columns(shares, gap="small", vertical_alignment="center")


def _table(columns: Sequence[Column], cells: Sequence[str], *, kind: str) -> str:
    whole = sum(column.share for column in columns)
    widths = "".join(f'<col style="width:{100 * column.share / whole:.2f}%">' for column in columns)
    row = "".join(
        f'<{kind}{" class=r" if column.right else ""} data-of="{escape(column.name)}">{cell}</{kind}>'
        for column, cell in zip(columns, cells, strict=True)
    )
    return f'<table class="tt lined"><colgroup>{widths}</colgroup><tbody><tr>{row}</tr></tbody></table>'
