"""The API's way to the training sets of models: references out of the artifacts in the log, kept once read.

What it needs is loaded when drift is first asked for. It judges counts and never reads a reading.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol

from query_api.bodies.drift import DriftSignal
from query_api.drifting import DriftScale
from query_api.errors import ModelsAway

if TYPE_CHECKING:
    from ml.population_shift.reference import DriftReference

MOST_KEPT: Final = 64
"""References of some 50 kB."""


class Artifacts(Protocol):
    """The models' bytes."""

    def content(self, artifact_sha256: str) -> tuple[str, bytes]:
        """Return format and bytes of an artifact."""


class LoggedDriftMeter:
    """A DriftMeter over the artifacts of the log."""

    def __init__(self, artifacts: Callable[[], Artifacts]) -> None:
        self._artifacts: Final = artifacts
        self._reference: Final = lru_cache(MOST_KEPT)(self._read)

    async def scale(self, artifact_sha256: str, *, kinds: Sequence[str]) -> DriftScale | None:
        """Return the bins to count in. See `DriftMeter`."""
        reference = await asyncio.to_thread(self._reference, artifact_sha256, tuple(kinds))
        if reference is None:
            return None
        return DriftScale(
            channels=reference.channels,
            kinds=reference.kinds,
            edges=tuple(tuple(edges) for edges in reference.edges.tolist()),
            bins=reference.counts.shape[2],
        )

    async def judge(
        self, artifact_sha256: str, *, kinds: Sequence[str], windows: Sequence[Sequence[Sequence[int]]], window_s: float
    ) -> list[list[DriftSignal]]:
        """Return every signal's drift of each window. See `DriftMeter`."""
        return await asyncio.to_thread(self._judge, artifact_sha256, tuple(kinds), windows, window_s)

    def _judge(
        self, artifact_sha256: str, kinds: tuple[str, ...], windows: Sequence[Sequence[Sequence[int]]], window_s: float
    ) -> list[list[DriftSignal]]:
        import numpy as np  # noqa: PLC0415 - the API starts without

        from ml.population_shift.measure import measure  # noqa: PLC0415

        reference = self._reference(artifact_sha256, kinds)
        if reference is None:
            raise ModelsAway(f"{artifact_sha256} carries no reference")
        return [
            [
                DriftSignal(
                    name=one.name,
                    kind="channel" if place < len(reference.channels) else "score",
                    index=one.index,
                    usual_up_to=one.usual_up_to,
                    readings=one.readings,
                    enough=one.enough,
                    outside=one.outside,
                )
                for place, one in enumerate(measure(reference, np.array(window, np.int64), window_s=window_s))
            ]
            for window in windows
        ]

    def _read(self, artifact_sha256: str, kinds: tuple[str, ...]) -> "DriftReference | None":
        from infra.kafka.client.clients import LogNotReachable  # noqa: PLC0415
        from infra.kafka.client.log_range import LogStalled  # noqa: PLC0415
        from ml.artifact import NotAnArtifact, unpack  # noqa: PLC0415
        from ml.population_shift.reference import reference_of  # noqa: PLC0415
        from ml.training.ports import ModelNotStored  # noqa: PLC0415

        try:
            artifact = unpack(self._artifacts().content(artifact_sha256)[1])
        except (LogNotReachable, LogStalled, ModelNotStored, NotAnArtifact) as error:
            raise ModelsAway(f"the model's bytes are not to be had: {error}") from error
        channels = artifact.header.get("channels")
        return reference_of(artifact, channels=channels if isinstance(channels, list) else [], kinds=kinds)  # type: ignore[arg-type]
