"""What a benchmark measured: one figure beside its comparison, and the file that collects them."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

RESULTS: Final = Path("build/bench.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure. `ratio` is value over comparison; `holds` is None where there is no goal."""

    name: str
    value: float
    unit: str
    compared_with: str | None = None
    ratio: float | None = None
    goal: str | None = None
    holds: bool | None = None

    def line(self) -> tuple[str, str, str, str, str]:
        """Return name, value, comparison, goal and verdict as people read them."""
        beside = self.compared_with or ""
        ratio = "" if self.ratio is None else f"{self.ratio:.0%} of "
        verdict = {None: "", True: "holds", False: "MISSED"}[self.holds]
        return self.name, f"{_number(self.value)} {self.unit}", f"{ratio}{beside}", self.goal or "", verdict


def at_least(
    name: str, value: float, unit: str, *, goal: float, beside: tuple[str, float] | None = None, share: float = 0
) -> Figure:
    """Return a figure that should reach `goal`, and `share` of what it stands beside (what, value)."""
    words = f"≥ {_number(goal)} {unit}" + (f" and ≥ {share:.0%}" if share else "")
    ratio = None if beside is None else round(value / beside[1], 4)
    return Figure(
        name=name,
        value=round(value, 3),
        unit=unit,
        compared_with=beside and f"{beside[0]}: {_number(beside[1])} {unit}",
        ratio=ratio,
        goal=words,
        holds=value >= goal and (ratio is None or ratio >= share),
    )


def at_most(name: str, value: float, unit: str, *, goal: float | None, compared_with: str | None = None) -> Figure:
    """Return a figure that should stay at or below `goal`, if there is one."""
    return Figure(
        name=name,
        value=round(value, 3),
        unit=unit,
        compared_with=compared_with,
        goal=None if goal is None else f"≤ {_number(goal)} {unit}",
        holds=None if goal is None else value <= goal,
    )


def merge(path: Path, figures: Iterable[Figure]) -> None:
    """Put figures into the file: one of a name already there takes its place, the others stay."""
    by_name = {figure["name"]: figure for figure in _held(path)} | {figure.name: asdict(figure) for figure in figures}
    _write(path, by_name.values())


def forget_others(path: Path, figures: Iterable[Figure]) -> None:
    """Take out what a whole run no longer measures; what bench-detection wrote, names of one word, stays."""
    measured = {figure.name for figure in figures}
    _write(path, [figure for figure in _held(path) if figure["name"] in measured or " " not in figure["name"]])


def _held(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def _write(path: Path, figures: Iterable[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_suffix(".part")
    written.write_text(json.dumps(list(figures), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    written.replace(path)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
