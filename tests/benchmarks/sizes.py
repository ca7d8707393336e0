"""How much the benchmarks do: enough to mean something, or quick."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Readings per measurement, how often it is repeated, and how long latency is watched."""

    ingested: int = 200_000
    trained: int = 400_000
    scored: int = 300_000
    rounds: int = 3
    watched_s: float = 20.0
    whole_stack: bool = True


FULL = Sizes()
QUICK = Sizes(ingested=50_000, trained=400_000, scored=100_000, rounds=1, watched_s=5.0, whole_stack=False)
