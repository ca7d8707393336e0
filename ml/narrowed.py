"""A detector that was trained on some of a profile's channels, judging readings of all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ml.artifact import Artifact
from ml.detector import Batch, Detector, Explanations, FloatArray, IntArray, Verdicts

HEADER: Final = "profile_channels"
"""In an artifact's header: the profile's channels in order, where the detector judges only some of them."""


def with_profile_channels(artifact: Artifact, channels: Sequence[str]) -> Artifact:
    """Return the artifact with the channels of the readings that it will be given."""
    return replace(artifact, header={**artifact.header, HEADER: list(channels)})


def widened(detector: Detector, artifact: Artifact) -> Detector:
    """Return the detector for readings in the profile's channels: itself when it judges all of them."""
    channels = artifact.header.get(HEADER)
    if not isinstance(channels, list):
        return detector
    return NarrowedDetector(inner=detector, channels=tuple(map(str, channels)))


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrowedDetector:
    """A Detector over `channels` that asks `inner`, which knows only some of them; of the others it expects nothing."""

    inner: Detector
    channels: tuple[str, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """See `Detector`."""
        return self.inner.kinds

    @property
    def votes(self) -> tuple[bool, ...]:
        """See `Detector`."""
        return self.inner.votes

    @property
    def threshold(self) -> float:
        """See `Detector`."""
        return self.inner.threshold

    @property
    def parameters(self) -> Mapping[str, str]:
        """See `Detector`; the channels that were left out are named."""
        left = [channel for channel in self.channels if channel not in self.inner.channels]
        return {**self.inner.parameters, "channels_left_out": ", ".join(left)}

    @property
    def runtime(self) -> str:
        """See `Detector`."""
        return self.inner.runtime

    @property
    def state_size(self) -> int:
        """See `Detector`."""
        return self.inner.state_size

    def fresh(self, *, machine_id: str, sensor_id: str) -> FloatArray:
        """See `Detector`."""
        return self.inner.fresh(machine_id=machine_id, sensor_id=sensor_id)

    def score(self, batch: Batch, states: FloatArray) -> tuple[Verdicts, FloatArray]:
        """See `Detector`."""
        return self.inner.score(self._narrow(batch), states)

    def explain(self, batch: Batch, states: FloatArray, *, rows: IntArray, kinds: IntArray) -> Explanations:
        """See `Detector`; a channel that was left out has no expectation and no part in a score."""
        inner = self.inner.explain(self._narrow(batch), states, rows=rows, kinds=kinds)
        expected = np.full((len(rows), len(self.channels)), np.nan)
        contribution = np.zeros((len(rows), len(self.channels)))
        expected[:, self._places()], contribution[:, self._places()] = inner.expected, inner.contribution
        return Explanations(expected=expected, contribution=contribution)

    def _narrow(self, batch: Batch) -> Batch:
        return replace(batch, values=np.ascontiguousarray(batch.values[:, self._places()]))

    def _places(self) -> list[int]:
        return [self.channels.index(channel) for channel in self.inner.channels]
