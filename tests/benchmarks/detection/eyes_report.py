"""The table of every set of real data, and its entries of build/bench.json."""

from collections.abc import Callable, Sequence
from pathlib import Path

from infra.cli.output import print_table
from tests.benchmarks.detection.eyes_cases import sets_of
from tests.benchmarks.detection.eyes_protocol import SetResult, judge_set
from tests.benchmarks.detection.eyes_told import Summary
from tests.benchmarks.detection.figures import Figure, eyes_figures


def eyes(folder: Path, sets: Sequence[str] | None, *, on_done: Callable[[str], None]) -> list[Figure]:
    """Judge the sets in `folder`, all of them unless some are named; print a table of each."""
    figures: list[Figure] = []
    for name in sets or sets_of(folder):
        result = judge_set(folder, name, on_done=on_done)
        _print(result)
        figures += eyes_figures(result)
    return figures


def _print(result: SetResult) -> None:
    days = next(iter(result.summaries.values())).days
    print_table(
        ["", "recall", "sound rows in alarm", "false per day", "found", "median delay", "F1"],
        [
            *(_row(name, one) for name, one in result.summaries.items()),
            *(_row(f"panel's {kind} alone", one) for kind, one in result.kinds.items()),
        ],
        title=f"{result.name}: {len(result.cases)} cases, {days:.1f} sound machine-days",
    )


def _row(name: str, one: Summary) -> list[str]:
    return [
        name,
        f"{one.recall:.3f}",
        f"{one.in_alarm:.1%}",
        f"{one.false_per_day:.2f}",
        f"{one.found} of {one.events}",
        f"{one.delay_s:.0f} s",
        f"{one.f1:.3f}",
    ]
