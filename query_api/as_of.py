"""What can be said of an earlier state of knowledge: whether an answer has all of it, and how far back it is kept.

Only the log's own times count here, never the API's clock.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from query_api.errors import Forgotten
from query_api.store import Checkpoint


def is_complete(as_of: datetime, *, checkpoints: Sequence[Checkpoint], complete_to: datetime | None) -> bool:
    """Return whether everything that the log knew by `as_of` is in the read models asked.

    Either every partition has passed the moment, or the projectors have seen the ends of those that have not,
    long enough after it (`complete_to`, the least of the read models'; None: not reported).
    """
    passed = all(point.known_at is not None and point.known_at > as_of for point in checkpoints)
    return (bool(checkpoints) and passed) or (complete_to is not None and as_of < complete_to)


def kept_from(checkpoints: Sequence[Checkpoint], keep_days: int | None) -> datetime | None:
    """Return the moment back to which a read model keeps its rows, counted from its newest; None: to the beginning."""
    newest = max((point.known_at for point in checkpoints if point.known_at is not None), default=None)
    if keep_days is None or newest is None:
        return None
    return newest - timedelta(days=keep_days)


def require_kept(as_of: datetime, *, checkpoints: Sequence[Checkpoint], keep_days: Mapping[str, int | None]) -> None:
    """Return when each read model still knows `as_of`.

    Raises:
        Forgotten: one of them keeps fewer days.
    """
    for read_model, days in keep_days.items():
        first = kept_from([point for point in checkpoints if point.read_model == read_model], days)
        if first is not None and as_of < first:
            raise Forgotten(
                f"as_of: {read_model} keeps {days} days and knows nothing before {first.isoformat()}; ask as of then "
                "or later. The log itself still has it: telltale log TOPIC --at MOMENT"
            )
