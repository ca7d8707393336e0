"""Progress of long work: done/total, rate and time left; a line every few seconds where there is no terminal."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from infra.cli.output import error_console

LINE_EVERY_S = 5.0
"""Seconds between two plain lines: often enough to see life, rarely enough to read a log."""


class Bar(Protocol):
    """What the one who works calls."""

    def advance(self, count: int = 1) -> None:
        """Say that `count` more are done."""

    def set_total(self, total: int) -> None:
        """Say how many there are, once known."""


@contextmanager
def progress(title: str, *, total: int | None = None, unit: str = "") -> Iterator[Bar]:
    """Show how far the work inside is, on standard error; the last line says what was done and how fast."""
    out = error_console()
    if not out.is_terminal:
        lines = _Lines(title, total=total, unit=unit)
        yield lines
        lines.finish()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        _Counts(unit),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=out) as display:
        task = display.add_task(escape(title), total=total)
        yield _RichBar(display, task)


@contextmanager
def reading_progress(title: str = "reading the log") -> Iterator[Callable[[int, int], None]]:
    """Show how much of the log has been read, told as offsets done and offsets in all."""
    with progress(title, unit="records") as bar:
        done_before = 0

        def on_progress(done: int, total: int) -> None:
            nonlocal done_before
            bar.set_total(total)
            bar.advance(done - done_before)
            done_before = done

        yield on_progress


def rate_text(done: int, elapsed_s: float) -> str:
    """Return a rate as people read it, such as 12,300/s."""
    return f"{done / elapsed_s:,.0f}/s" if elapsed_s > 0 else "–/s"


class _Counts(ProgressColumn):
    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        """Return done/total and rate."""
        total = f"/{task.total:,.0f}" if task.total is not None else ""
        return Text(f"{task.completed:,.0f}{total} {self._unit}  {rate_text(int(task.completed), task.elapsed or 0)}")


class _RichBar:
    def __init__(self, display: Progress, task: object) -> None:
        self._display = display
        self._task = task

    def advance(self, count: int = 1) -> None:
        self._display.advance(self._task, count)  # type: ignore[arg-type]

    def set_total(self, total: int) -> None:
        self._display.update(self._task, total=total)  # type: ignore[arg-type]


class _Lines:
    def __init__(self, title: str, *, total: int | None, unit: str) -> None:
        self._title = title
        self._total = total
        self._unit = unit
        self._done = 0
        self._started = self._said = time.monotonic()

    def advance(self, count: int = 1) -> None:
        self._done += count
        if time.monotonic() - self._said >= LINE_EVERY_S:
            self._say()

    def set_total(self, total: int) -> None:
        self._total = total

    def finish(self) -> None:
        self._say()

    def _say(self) -> None:
        self._said = time.monotonic()
        elapsed_s = self._said - self._started
        total = f"/{self._total:,}" if self._total is not None else ""
        left = ""
        if self._total and self._done and self._done < self._total:
            left = f"  {elapsed_s * (self._total - self._done) / self._done:.0f} s left"
        error_console().print(
            f"{escape(self._title)}  {self._done:,}{total} {self._unit}  {rate_text(self._done, elapsed_s)}{left}"
        )
