"""`make bench`: measures Telltale on a stack of its own; each figure beside what it is compared with.

    python -m tests.benchmarks [--quick] [--only NAME]… [--home FOLDER]

Nothing asserts a time: a missed goal is printed and written down, and the exit code stays 0.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

from infra.cli.output import note, print_table
from infra.logs import configure_logs
from tests.benchmarks import ingesting, latency, projecting, rebuilding, recovery, scoring, starting, storing
from tests.benchmarks.figures import RESULTS, Figure, forget_others, merge
from tests.benchmarks.plant import Plant, a_plant
from tests.benchmarks.sizes import FULL, QUICK, Sizes

Benchmark = Callable[[Plant, Sizes], Iterator[Figure]]

BENCHMARKS: Final[Mapping[str, Benchmark]] = MappingProxyType(
    {
        "ingest": ingesting.measure,
        "scorer": scoring.measure,
        "storage": storing.measure,
        "projection": projecting.measure,
        "rebuild": rebuilding.measure,
        "latency": latency.measure,
        "recovery": recovery.measure,
        "start": starting.measure,
    }
)
"""In the order they run: the later ones work on what the earlier ones left in the log. The last two end what runs."""


def main() -> int:
    """Run the benchmarks asked for; print and write what they find."""
    asked = _arguments()
    configure_logs("warning", process="bench")
    sizes = QUICK if asked.quick else FULL
    began = time.monotonic()
    found: list[Figure] = []
    with _plant(asked.home) as plant:
        for name in asked.only or BENCHMARKS:
            note(f"[{time.monotonic() - began:4.0f} s] {name} …".replace("[", r"\["))
            for figure in BENCHMARKS[name](plant, sizes):
                found.append(figure)
                merge(RESULTS, [figure])
                note("         " + " · ".join(filter(None, figure.line())))
    if not asked.only and not asked.quick:
        forget_others(RESULTS, found)
    load = os.getloadavg()[0]
    print_table(
        ["figure", "measured", "beside", "goal", ""],
        [figure.line() for figure in found],
        title=f"{time.monotonic() - began:.0f} s on {os.cpu_count()} cores, load {load:.1f}; written to {RESULTS}",
    )
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, a light stack: below two minutes")
    parser.add_argument("--only", action="append", choices=list(BENCHMARKS), help="run this one; may be repeated")
    parser.add_argument("--home", type=Path, help="keep the stack in this folder and use it again")
    return parser.parse_args()


@contextmanager
def _plant(home: Path | None) -> Iterator[Plant]:
    """Start a stack; thrown away afterwards unless it has a home."""
    with tempfile.TemporaryDirectory(prefix="telltale-bench-") as folder:
        note("starting a stack …")
        with a_plant(home or Path(folder) / "home", keep=home is not None) as plant:
            yield plant


if __name__ == "__main__":
    sys.exit(main())
