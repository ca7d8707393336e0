"""Topic profile-events for those who only read it."""

from domain.profiles import ProfileDefined, evolve
from domain.topics import PROFILE_EVENTS
from infra.kafka.meaning.control_topic import ControlTopic
from schemas.contracts import Contracts


class KafkaProfileLog:
    """Profiles as the log has them."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._topic = ControlTopic(bootstrap, PROFILE_EVENTS, contracts)
        self._known: tuple[ProfileDefined, ...] = ()

    def known(self) -> tuple[ProfileDefined, ...]:
        """Return every profile defined up to the log's end now, in the order of the log."""
        for record in self._topic.catch_up():
            if isinstance(record.event, ProfileDefined):
                self._known = evolve(self._known, record.event)
        return self._known

    def close(self) -> None:
        """Leave the broker."""
        self._topic.close()
