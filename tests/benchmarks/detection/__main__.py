"""`make bench-detection [SKAB=DIR] [EYES=DIR]`: how well faults are found, how seldom anybody is woken for nothing.

Real data, when a folder of SKAB files or of sets of cases is there: offline, and SKAB through a whole stack of its own,
which must say the same. Simulated machines always. Exit 1 when a goal is missed.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from infra.cli.output import print_table
from infra.logs import configure_logs
from infra.sources.simulator.faults import FaultKind
from tests.benchmarks.detection import simulator_protocol
from tests.benchmarks.detection.eyes_report import eyes
from tests.benchmarks.detection.figures import Figure, join, simulator_figures, skab_figures, system_figures
from tests.benchmarks.detection.fleet import TRIALS
from tests.benchmarks.detection.skab_files import SkabFile, read_folder
from tests.benchmarks.detection.skab_protocol import PUBLISHED, Judged, SkabResult, judged, offline, results
from tests.benchmarks.detection.through_the_log import differences, through_the_log
from tests.benchmarks.plant import a_plant


class _Progress:
    """A line per step on standard error, with the time since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, step: str) -> None:
        print(f"  {time.monotonic() - self._began:6.1f} s  {step}", file=sys.stderr, flush=True)  # noqa: T201


def main(arguments: list[str]) -> int:
    """Run what is asked for, print it, join build/bench.json."""
    parser = argparse.ArgumentParser(prog="bench-detection", description=__doc__)
    parser.add_argument("--skab", type=Path, help="folder of SKAB files; without it only simulated machines")
    parser.add_argument("--hours", type=float, default=24.0, help="training per simulated machine")
    parser.add_argument("--kinds", nargs="*", type=FaultKind, default=list(TRIALS), help="faults to try")
    parser.add_argument("--no-simulator", action="store_true")
    parser.add_argument("--no-system", action="store_true", help="SKAB offline only, without a stack")
    parser.add_argument("--eyes", type=Path, help="folder of sets, each a folder of cases (.npz)")
    parser.add_argument("--sets", nargs="*", help="of these sets only")
    asked = parser.parse_args(arguments)
    progress = _Progress()
    figures: list[Figure] = []
    if asked.skab is not None:
        figures += _skab(asked.skab, progress, system=not asked.no_system)
    if asked.eyes is not None:
        figures += eyes(asked.eyes, asked.sets, on_done=progress)
    if not asked.no_simulator:
        figures += _simulator(asked.hours, asked.kinds, progress)
    _print_goals(figures)
    join(figures)
    return 1 if any(entry.holds is False for entry in figures) else 0


def _skab(folder: Path, progress: _Progress, *, system: bool) -> list[Figure]:
    files = read_folder(folder)
    labelled = sum(file.anomalous is not None for file in files)
    if not labelled:
        raise SystemExit(f"{folder} holds no CSV file with a column `anomaly`")
    found = {"offline": judged(files, offline, on_done=progress)}
    if system:
        found["whole system"] = _through_a_stack(files, progress)
    told = {how: results(of_all) for how, of_all in found.items()}
    print_table(
        ["", "F1", "FAR", "MAR", "placebo FAR", "false incidents", "per machine-day"],
        [
            *(
                _skab_row(f"{name}, {how}", result)
                for name in ("panel", "forest")
                for how, result in ((how, of_all[name]) for how, of_all in told.items())
            ),
            *(
                [f"{name} (published)", f"{f1:.2f}", f"{far:.1%}", f"{mar:.1%}"] + [""] * 3
                for name, f1, far, mar in PUBLISHED
            ),
        ],
        title=f"SKAB: {labelled} of its 34 labelled files; published figures are of all 34. The even-numbered files "
        "were seen while the rule for gaps was chosen: none of these is unseen. What the figures are not: docs/skab.md",
    )
    figures = skab_figures(told["offline"]["panel"], told["offline"]["forest"])
    if system:
        figures += system_figures(differences(found["offline"], found["whole system"]))
    return figures


def _through_a_stack(files: Sequence[SkabFile], progress: _Progress) -> list[Judged]:
    configure_logs("warning", process="bench")
    with (
        tempfile.TemporaryDirectory(prefix="telltale-bench-") as folder,
        a_plant(Path(folder) / "home") as plant,
        through_the_log(plant) as system,
    ):
        return judged(files, system, on_done=lambda step: progress(f"{step}, through the log"))


def _skab_row(name: str, result: SkabResult) -> list[str]:
    daily = result.false_incidents / result.placebo_days if result.placebo_days else float("nan")
    return [
        name,
        f"{result.f1:.3f}",
        f"{result.far:.1%}",
        f"{result.mar:.1%}",
        f"{result.placebo_far:.1%}",
        f"{result.false_incidents} in {result.placebo_days * 24:.1f} h",
        f"{daily:.1f}",
    ]


def _simulator(hours: float, kinds: list[FaultKind], progress: _Progress) -> list[Figure]:
    result = simulator_protocol.run(hours=hours, kinds=kinds, on_done=progress)
    print_table(
        ["fault", "recall small", "recall large", "delay small", "delay large", "forest alone, large"],
        [
            [
                kind.value,
                f"{found.small:.2f}",
                f"{found.large:.2f}",
                f"{found.delay_small_s:.0f} s",
                f"{found.delay_large_s:.0f} s",
                f"{found.forest_large:.2f}",
            ]
            for kind, found in result.found.items()
        ],
        title=f"12 simulated machines, {hours:g} h of training: {result.false_incidents:.2f} false incidents per "
        f"machine-day, forest alone {result.forest_false_incidents:.2f}",
    )
    return simulator_figures(result)


def _print_goals(figures: list[Figure]) -> None:
    print_table(
        ["figure", "value", "unit", "compared with", "goal", ""],
        [
            [
                entry.name,
                "–" if entry.value is None else f"{entry.value:.3f}",
                entry.unit,
                entry.compared_with or "",
                entry.goal or "",
                {True: "holds", False: "MISSED", None: ""}[entry.holds],
            ]
            for entry in figures
        ],
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
