"""Topic profile-events: read whole, appended to by one writer at a time."""

from typing import Final

from commands.profile_log import ProfileNotAppended
from domain.positions import Position
from domain.profiles import ProfileDefined, is_sound
from domain.topics import PROFILE_EVENTS
from infra.kafka.client.appending import Fenced, NotAppended, OutcomeUnknown, Outgoing, TransactionalAppender
from infra.kafka.meaning.control_topic import ControlTopic
from schemas.contracts import Contracts

TRANSACTIONAL_ID: Final = "telltale-profiles"


class KafkaProfileLog:
    """Profiles as the log has them; also serves whoever only reads, who then never calls `open`."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._follower = ControlTopic(bootstrap, PROFILE_EVENTS, contracts)
        self._appender = TransactionalAppender(bootstrap, transactional_id=TRANSACTIONAL_ID, contracts=contracts)
        self._known: dict[str, ProfileDefined] = {}

    def known(self) -> tuple[ProfileDefined, ...]:
        """Return every profile defined up to the log's end now. See `ProfileLog`."""
        for record in self._follower.catch_up():
            if isinstance(event := record.event, ProfileDefined) and is_sound(event):
                # A profile never changes: its first description counts.
                self._known.setdefault(event.ref, event)
        return tuple(self._known.values())

    def open(self) -> None:
        """Become the one writer. See `ProfileLog`."""
        try:
            self._appender.open()
        except NotAppended as error:
            raise ProfileNotAppended(str(error)) from error

    def append(self, profile: ProfileDefined) -> Position:
        """Append the definition. See `ProfileLog`."""
        try:
            return self._appender.append([Outgoing(key=profile.name, event=profile)])[0]
        except (NotAppended, OutcomeUnknown, Fenced) as error:
            raise ProfileNotAppended(f"{profile.ref}: {error}") from error

    def close(self) -> None:
        """Leave the broker."""
        self._follower.close()
