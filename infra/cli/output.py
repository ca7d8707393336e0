"""What a command says and how it ends: consoles, JSON, progress, refusals and exit codes.

Every command prints through here, so that all of them look alike, `--json` prints one JSON document on standard
output and nothing else, and progress and errors go to standard error, where they never spoil a pipe.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from infra.exit_codes import ExitCode
from infra.words import in_words

WIDEST_CELL: Final = 100
LARGEST_SCORE: Final = 1000.0

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
"""The type of every command's `json_output: WIDEST_CELL: Final = 100
LARGEST_SCORE: Final = 1000.0

JsonOption = False`."""


@dataclass(eq=False)  # not frozen: the interpreter writes an exception's traceback into it
class CommandFailed(Exception):
    """A command cannot do what was asked: says what is wrong, where, and what to do next."""

    what: str
    where: str | None = None
    then: str | None = None
    code: ExitCode = ExitCode.NO

    def __str__(self) -> str:
        return "; ".join(part for part in (self.what, self.where, self.then) if part)


@cache
def console() -> Console:
    """Return the console on standard output; wide when it is no terminal, so that nothing is cut in a pipe."""
    return Console(highlight=False, emoji=False, soft_wrap=not sys.stdout.isatty())


@cache
def error_console() -> Console:
    """Return the console on standard error, for progress and errors."""
    return Console(stderr=True, highlight=False, emoji=False, soft_wrap=not sys.stderr.isatty())


def say(text: str) -> None:
    """Print one line of rich markup on standard output."""
    console().print(text)


def note(text: str) -> None:
    """Print one line of rich markup on standard error: what is going on, never the answer."""
    error_console().print(text)


def print_json(value: object) -> None:
    """Print `value` (dataclasses, times and paths included) as one indented JSON document."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=_plain) + "\n")
    sys.stdout.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """Print rows under headings; cells are shown as they are, without markup."""
    if console().is_terminal:
        table = Table(*columns, title=title, box=None, header_style="bold", title_justify="left", pad_edge=False)
        for row in rows:
            table.add_row(*(escape(_cell(cell)) for cell in row))
        console().print(table)
        return
    lines = [list(columns), *([_cell(cell) for cell in row] for row in rows)]
    widths = [_width([line[column] for line in lines]) for column in range(len(columns))]
    for line in lines:
        sys.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n")


def _width(cells: Sequence[str]) -> int:
    """Return the width of a column: that of its widest cell, but of those only that are not far wider than others.

    One cell of thousands of characters is written whole and pushes its own line out, not every other line.
    """
    return max((len(cell) for cell in cells if len(cell) <= WIDEST_CELL), default=0)


def times(score: float) -> str:
    """Return a score as people read it: beyond a thousand times the threshold its digits say nothing."""
    return "> 1,000" if score > LARGEST_SCORE else f"{score:.2f}"


def print_failure(failure: CommandFailed) -> None:
    """Print what is wrong, where, and what to do next."""
    error_console().print(f"[bold red]{escape(in_words(failure.what))}[/]")
    if failure.where:
        error_console().print(f"  where  {escape(in_words(failure.where))}")
    if failure.then:
        error_console().print(f"  next   {escape(failure.then)}")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return str(value)
