"""The log's topics: what each holds and how it is cut into partitions.

A data topic holds one machine's history in one order, so its number of partitions can never change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

DATA_PARTITIONS: Final = 8
"""Partitions of every data topic; a machine's partition follows from its key, so the number is for ever."""


class TopicKind(StrEnum):
    """How a topic is partitioned."""

    DATA = "data"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic, its kind and the names of the events it carries."""

    name: str
    kind: TopicKind
    events: tuple[str, ...]

    @property
    def partitions(self) -> int:
        """Return the fixed number of partitions."""
        return DATA_PARTITIONS if self.kind is TopicKind.DATA else 1


CONTRACTS: Final = "contracts"
PROFILE_EVENTS: Final = "profile-events"
SENSOR_EVENTS: Final = "sensor-events"
ANOMALY_EVENTS: Final = "anomaly-events"
MODEL_EVENTS: Final = "model-events"
MODEL_ARTIFACTS: Final = "model-artifacts"
SCORER_STATE: Final = "scorer-state"
RESCORING_EVENTS: Final = "rescoring-events"
RESCORED_ANOMALY_EVENTS: Final = "rescored-anomaly-events"
INCIDENT_EVENTS: Final = "incident-events"
ALERT_EVENTS: Final = "alert-events"
DEAD_LETTERS: Final = "dead-letters"
SKIPS: Final = "skips"
COMMAND_ANSWERS: Final = "command-answers"

TOPICS: Final[Mapping[str, Topic]] = MappingProxyType(
    {
        topic.name: topic
        for topic in (
            Topic(CONTRACTS, TopicKind.CONTROL, ("SchemaPublished",)),
            Topic(PROFILE_EVENTS, TopicKind.CONTROL, ("ProfileDefined",)),
            Topic(SENSOR_EVENTS, TopicKind.DATA, ("SensorReadingRecorded",)),
            Topic(ANOMALY_EVENTS, TopicKind.DATA, ("AnomalyDetected", "ReadingsScored", "ScoringModelChanged")),
            Topic(
                MODEL_EVENTS,
                TopicKind.CONTROL,
                ("ModelTrained", "ModelsCompared", "ModelPromoted", "PromotionRejected"),
            ),
            Topic(MODEL_ARTIFACTS, TopicKind.CONTROL, ("ModelArtifactStored",)),
            Topic(SCORER_STATE, TopicKind.DATA, ("ScorerStateSaved",)),
            Topic(
                RESCORING_EVENTS,
                TopicKind.CONTROL,
                ("RescoringRequested", "RescoringCompleted", "RescoringFailed"),
            ),
            Topic(RESCORED_ANOMALY_EVENTS, TopicKind.DATA, ("AnomalyDetected", "ReadingsScored")),
            Topic(
                INCIDENT_EVENTS,
                TopicKind.DATA,
                (
                    "IncidentOpened",
                    "IncidentExtended",
                    "IncidentEnded",
                    "IncidentAcknowledged",
                    "IncidentAssigned",
                    "IncidentCommented",
                    "IncidentResolved",
                    "IncidentReopened",
                ),
            ),
            Topic(ALERT_EVENTS, TopicKind.CONTROL, ("AlertSent", "AlertSuppressed")),
            Topic(DEAD_LETTERS, TopicKind.DATA, ("DeadLettered",)),
            Topic(SKIPS, TopicKind.CONTROL, ("RecordSkipped", "DeadLetterRedriven", "DeadLetterDiscarded")),
            Topic(COMMAND_ANSWERS, TopicKind.CONTROL, ("CommandAnswered",)),
        )
    }
)


def topic_of(event: str) -> Topic:
    """Return the topic that carries events of this name; of verdicts and ledger the live one.

    Raises:
        KeyError: no topic carries it.
    """
    for topic in TOPICS.values():
        if event in topic.events:
            return topic
    raise KeyError(event)
