"""Start-up time of every part, and the memory of the whole stack with everything running."""

from collections.abc import Iterator
from typing import Final

import psutil

from tests.benchmarks.figures import Figure, at_most
from tests.benchmarks.plant import Plant
from tests.benchmarks.sizes import Sizes
from tests.stacks import must

MEMORY_GB: Final = 3.0


def measure(plant: Plant, sizes: Sizes) -> Iterator[Figure]:
    """Start everything that `telltale up` starts, again and over what the other benchmarks left in the log."""
    stack, light = plant.stack, not sizes.whole_stack
    must(stack.run("down"))
    must(stack.run("up", "--detach", *(["--light"] if light else [])))
    plant.__dict__.pop("settings", None)
    parts = stack.parts()
    everything = "with everything else starting beside it, over a full log"
    for name, part in parts.items():
        if part["took_s"] is not None:
            yield at_most(f"start of {name}", part["took_s"], "s", goal=None, compared_with=everything)
    gigabytes = sum(_own_bytes(process) for process in stack.running()) / 1e9
    what = "whole stack" if sizes.whole_stack else "light stack"
    yield at_most(f"memory of the {what}", gigabytes, "GB", goal=MEMORY_GB, compared_with=f"{len(parts)} parts")


def _own_bytes(process: psutil.Process) -> int:
    """Return a process's share of memory, pages that several use counted once."""
    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
