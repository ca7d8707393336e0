"""From a model's bytes to the detector they hold."""

from ml.artifact import FORMAT, NotAnArtifact, unpack
from ml.detector import Detector
from ml.families import FAMILIES
from ml.narrowed import widened


def load_detector(content: bytes, *, format: str = FORMAT) -> Detector:  # noqa: A002 - the event's own word
    """Return the detector in a model's bytes.

    Raises:
        NotAnArtifact: the bytes are damaged, or of a form or a detector that this version does not know.
    """
    if format != FORMAT:
        raise NotAnArtifact(f"the model is stored as {format!r}; this version reads {FORMAT!r}")
    artifact = unpack(content)
    family = FAMILIES.get(str(artifact.header.get("detector")))
    if family is None:
        raise NotAnArtifact(f"the model's detector {artifact.header.get('detector')!r} is not known here")
    return widened(family.detector(artifact), artifact)
