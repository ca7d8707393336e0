"""The benchmark's figures as entries of build/bench.json, beside those that other benchmarks left there."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Final

from tests.benchmarks.detection.eyes_protocol import PANEL, SetResult
from tests.benchmarks.detection.simulator_protocol import SimulatorResult
from tests.benchmarks.detection.skab_protocol import SkabResult

BENCH_FILE = Path("build/bench.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number; `ratio` = value over what `compared_with` names; `holds` is None without a goal."""

    name: str
    value: float | None
    unit: str
    compared_with: str | None = None
    ratio: float | None = None
    goal: str | None = None
    holds: bool | None = None


def figure(
    name: str,
    value: float,
    *,
    unit: str,
    beside: tuple[str, float] | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
) -> Figure:
    """Return the entry; a value that could not be measured (NaN) is null and holds nothing."""
    goal = f">= {at_least:g}" if at_least is not None else f"<= {at_most:g}" if at_most is not None else None
    holds = None
    if at_least is not None:
        holds = value >= at_least
    elif at_most is not None:
        holds = value <= at_most
    comparable = beside is not None and beside[1] and isfinite(value)
    return Figure(
        name=name,
        value=value if isfinite(value) else None,
        unit=unit,
        compared_with=f"{beside[0]}: {beside[1]:.4g}" if beside is not None else None,
        ratio=value / beside[1] if comparable and beside is not None else None,
        goal=goal,
        holds=holds,
    )


def skab_figures(panel: SkabResult, forest: SkabResult) -> list[Figure]:
    """Return the entries of the benchmark on real data."""
    alone = "isolation forest alone"
    entries = [
        figure("skab_f1", panel.f1, unit="share", beside=(alone, forest.f1), at_least=0.80),
        figure("skab_far", panel.far, unit="share", beside=(alone, forest.far), at_most=0.15),
        figure("skab_mar", panel.mar, unit="share", beside=(alone, forest.mar)),
    ]
    if isfinite(panel.placebo_far):
        beside = (alone, forest.placebo_far)
        entries.append(figure("skab_placebo_far", panel.placebo_far, unit="share", beside=beside, at_most=0.10))
    return entries


def system_figures(differences: Mapping[str, float]) -> list[Figure]:
    """Return the entries that hold the whole system against the offline run."""
    names = {
        "largest difference of a ratio": "skab_system_difference",
        "readings judged otherwise": "skab_system_flips",
    }
    units = {"skab_system_difference": "ratio", "skab_system_flips": "readings"}
    return [figure(names[what], value, unit=units[names[what]], at_most=0.0) for what, value in differences.items()]


def simulator_figures(result: SimulatorResult) -> list[Figure]:
    """Return the entries of the benchmark on simulated machines; recall and delay are of large faults."""
    alone = "isolation forest alone"
    entries = [
        figure(
            "false_incidents_per_machine_day",
            result.false_incidents,
            unit="per machine-day",
            beside=(alone, result.forest_false_incidents),
            at_most=0.1,
        )
    ]
    for kind, found in result.found.items():
        beside = (alone, found.forest_large)
        entries.append(figure(f"recall_{kind}", found.large, unit="share", beside=beside, at_least=0.9))
        entries.append(figure(f"delay_s_{kind}", found.delay_large_s, unit="s"))
    return entries


_GOALS: Final[Mapping[str, Mapping[str, tuple[str, float]]]] = {
    "tep": {"mean_recall": (">=", 0.82), "in_alarm": ("<=", 0.01)},
    "w3s": {"in_alarm": ("<=", 0.03), "false_per_day": ("<=", 0.5)},
    "w3f": {"found_share": (">=", 0.8), "in_alarm": ("<=", 0.10)},
    "hyd": {"recall": (">=", 0.85), "in_alarm": ("<=", 0.06), "found_share": (">=", 1)},
    "ims": {"in_alarm": ("<=", 0.05), "found_share": (">=", 1)},
    "nab": {"in_alarm": ("<=", 0.05), "false_per_day": ("<=", 0.1), "found_share": (">=", 1)},
    "batadal": {"in_alarm": ("<=", 0.05), "false_per_day": ("<=", 0.05), "found_share": (">=", 1)},
    "asd": {"in_alarm": ("<=", 0.06), "false_per_day": ("<=", 0.3), "found_share": (">=", 0.4)},
    "smd": {"in_alarm": ("<=", 0.06), "false_per_day": ("<=", 0.3), "found_share": (">=", 0.4)},
}


def eyes_figures(result: SetResult) -> list[Figure]:
    """Return the entries of a set of real data; the comparison is the best of those beside, whoever that is."""
    entries = []
    for metric, unit in _EYES.items():
        goal, limit = _GOALS.get(result.name, {}).get(metric, ("", 0.0))
        others = {name: getattr(one, metric) for name, one in result.summaries.items() if name != PANEL}
        known = {name: value for name, value in others.items() if isfinite(value)}
        best = (min if metric in {"in_alarm", "false_per_day", "delay_s"} else max)(
            known, key=known.__getitem__, default=None
        )
        entries.append(
            figure(
                f"eyes_{result.name}_{metric}",
                getattr(result.summaries[PANEL], metric),
                unit=unit,
                beside=None if best is None else (best, known[best]),
                at_least=limit if goal == ">=" else None,
                at_most=limit if goal == "<=" else None,
            )
        )
    return entries


_EYES: Final = {
    "recall": "share",
    "mean_recall": "share",
    "in_alarm": "share",
    "false_per_day": "per machine-day",
    "found_share": "share",
    "delay_s": "s",
    "f1": "share",
}
"""What is told of a set, as `Summary` names it."""


def join(figures: Sequence[Figure], file: Path = BENCH_FILE) -> None:
    """Write the entries to `file`; those of the same names are replaced, the others stay."""
    held = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    ours = {entry.name for entry in figures}
    entries = [entry for entry in held if entry["name"] not in ours] + [asdict(entry) for entry in figures]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
