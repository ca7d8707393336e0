"""model-events with their places and times, and the bytes behind them: what the mirror follows."""

from collections.abc import Iterator
from typing import Final

from domain.logged_models import LoggedModelEvent
from domain.promotion import ModelEvent
from domain.topics import MODEL_EVENTS
from infra.kafka.meaning.contracts import ContractsFollower
from infra.kafka.meaning.control_topic import ControlTopic
from infra.kafka.models.model_log import read_artifact


class KafkaModelEvents:
    """The ModelEvents of one cluster."""

    def __init__(self, bootstrap: str, contracts: ContractsFollower) -> None:
        self._bootstrap: Final = bootstrap
        self._contracts: Final = contracts
        self._topic: Final = ControlTopic(bootstrap, MODEL_EVENTS, contracts.contracts)
        self._begun = False

    def news(self, timeout_s: float) -> Iterator[LoggedModelEvent]:
        """Yield what has been appended since the last call, in order; waits up to `timeout_s` for the first.

        The first call yields everything up to the end the broker sees: a part of a line would look like another line.
        """
        records = self._topic.news(timeout_s) if self._begun else self._topic.catch_up()
        for record in records:
            if isinstance(record.event, ModelEvent):
                yield LoggedModelEvent(event=record.event, position=record.position, appended_at=record.appended_at)
        self._begun = True

    def content(self, artifact_sha256: str) -> bytes:
        """Return a model's bytes."""
        return read_artifact(self._bootstrap, self._contracts.contracts, artifact_sha256)[1]
