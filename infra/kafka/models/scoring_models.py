"""Promotions and model bytes as the scorer needs them, from the log alone."""

from collections.abc import Iterable
from time import monotonic
from typing import Final

from domain.models import ModelRef
from domain.topics import MODEL_EVENTS
from infra.kafka.meaning.control_topic import ControlTopic
from infra.kafka.models.model_log import read_artifact
from ml.artifact import NotAnArtifact
from ml.detector import Detector
from ml.loading import load_detector
from ml.scoring.ports import ModelUnloadable
from ml.training.ports import ModelNotStored
from schemas.contracts import Contracts

LOOK_EVERY_S: Final = 0.2
"""Between two looks at model-events: what a promotion waits at most, and nothing on the way of a reading."""

KEPT_MODELS: Final = 16
"""Loaded models kept for partitions still to be taken; older ones are loaded from the log again."""


class KafkaModels:
    """Follows model-events; loads by sha256 from model-artifacts, never by name or alias."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._bootstrap = bootstrap
        self._contracts = contracts
        self._follower = ControlTopic(bootstrap, MODEL_EVENTS, contracts)
        self._look_at = -1.0
        self._caught_up = False
        self._loaded: dict[str, Detector] = {}

    def promotions(self) -> Iterable[tuple[int, object]]:
        """Return the model events that came since the last call, with their offsets; at first all up to now."""
        if not self._caught_up:
            self._caught_up = True
            return [(record.position.offset, record.event) for record in self._follower.catch_up()]
        if monotonic() < self._look_at:
            return ()
        self._look_at = monotonic() + LOOK_EVERY_S
        return [(record.position.offset, record.event) for record in self._follower.news()]

    def load(self, model: ModelRef) -> Detector:
        """Return the detector of a model: one object for all partitions, since a detector never changes.

        Raises:
            ModelUnloadable: its bytes are missing, damaged or unknown.
        """
        if (held := self._loaded.get(model.artifact_sha256)) is not None:
            return held
        try:
            form, content = read_artifact(self._bootstrap, self._contracts, model.artifact_sha256)
            detector = load_detector(content, format=form)
        except (ModelNotStored, NotAnArtifact) as error:
            raise ModelUnloadable(f"{model}: {error}") from error
        self._loaded[model.artifact_sha256] = detector
        while len(self._loaded) > KEPT_MODELS:
            del self._loaded[next(iter(self._loaded))]
        return detector
