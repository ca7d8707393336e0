"""How far a process of Telltale is with the log."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a kind of process has before it; None: not known. `trouble`: why it is to be looked at, else None."""

    lag_offsets: int | None = None
    lag_seconds: float | None = None
    records_per_second: float | None = None
    trouble: str | None = None
