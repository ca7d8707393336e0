"""The port to whoever knows how a model's training rows were spread; the API itself only counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from query_api.bodies.drift import DriftSignal


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftScale:
    """Bins of a model's signals: its channels, then its kinds; each signal's edges ascending, `bins` in all.

    A value belongs to the bin of as many edges as do not exceed it; the last bin counts what was not measured.
    """

    channels: tuple[str, ...]
    kinds: tuple[str, ...]
    edges: tuple[tuple[float, ...], ...]
    bins: int


class DriftMeter(Protocol):
    """Holds counts of a live window against a model's training set."""

    async def scale(self, artifact_sha256: str, *, kinds: Sequence[str]) -> DriftScale | None:
        """Return the bins to count in; None: the model was trained by a version that kept none.

        Raises:
            ModelsAway: the log does not answer, or lacks the model's bytes.
        """

    async def judge(
        self, artifact_sha256: str, *, kinds: Sequence[str], windows: Sequence[Sequence[Sequence[int]]], window_s: float
    ) -> list[list[DriftSignal]]:
        """Return for each window, all of them `window_s` long, every signal's drift.

        windows: counts, by signal and bin of the scale.
        """
