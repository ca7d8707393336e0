"""From a model's bytes to the detector they hold."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ml.artifact import FORMAT, Artifact, NotAnArtifact, unpack
from ml.detector import Detector
from ml.isolation_forest import detector as isolation_forest
from ml.panel import detector as panel
from ml.panel.parameters import DETECTOR as PANEL

LOADERS: Final[Mapping[str, Callable[[Artifact], Detector]]] = MappingProxyType(
    {isolation_forest.KIND: isolation_forest.from_artifact, PANEL: panel.from_artifact}
)
"""Readers by the `detector` of an artifact's header."""


def load_detector(content: bytes, *, format: str = FORMAT) -> Detector:  # noqa: A002 - the event's own word
    """Return the detector in a model's bytes.

    Raises:
        NotAnArtifact: the bytes are damaged, or of a form or a detector that this version does not know.
    """
    if format != FORMAT:
        raise NotAnArtifact(f"the model is stored as {format!r}; this version reads {FORMAT!r}")
    artifact = unpack(content)
    loader = LOADERS.get(str(artifact.header.get("detector")))
    if loader is None:
        raise NotAnArtifact(f"the model's detector {artifact.header.get('detector')!r} is not known here")
    return loader(artifact)
