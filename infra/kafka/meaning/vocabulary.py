"""What records mean, read from the control topics: schemas, profiles, records to pass over."""

from collections.abc import Mapping
from contextlib import suppress
from threading import Lock
from types import MappingProxyType

from domain.dead_letters import RecordSkipped
from domain.positions import NotAPosition, Position
from domain.profiles import ProfileDefined, is_sound
from domain.topics import PROFILE_EVENTS, SKIPS
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.log_range import LogStalled
from infra.kafka.meaning.contracts import ContractsFollower
from infra.kafka.meaning.control_topic import ControlTopic
from projections.ports import LogUnavailable
from schemas.contracts import Contracts


class KafkaVocabulary:
    """Shared by all projectors of a process; only ever grows, so it is read without a lock."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._contracts = ContractsFollower(bootstrap)
        self._profile_events = ControlTopic(bootstrap, PROFILE_EVENTS, self._contracts.contracts)
        self._skips = ControlTopic(bootstrap, SKIPS, self._contracts.contracts)
        self._profiles: dict[str, ProfileDefined] = {}
        self._skipped: dict[Position, str] = {}
        self._refreshing = Lock()

    @property
    def contracts(self) -> Contracts:
        """Return the published schemas."""
        return self._contracts.contracts

    @property
    def profiles(self) -> Mapping[str, ProfileDefined]:
        """Return the profiles by reference, such as pump@1."""
        return MappingProxyType(self._profiles)

    @property
    def skipped(self) -> Mapping[Position, str]:
        """Return the positions a person said to pass over, with the reason."""
        return MappingProxyType(self._skipped)

    def refresh(self) -> None:
        """Read what the log has said since; of a profile the first description counts.

        Raises:
            LogUnavailable: the log does not answer, or a writer's transaction stays open.
        """
        with self._refreshing:
            try:
                self._contracts.refresh()
                for record in self._profile_events.catch_up():
                    if isinstance(event := record.event, ProfileDefined) and is_sound(event):
                        self._profiles.setdefault(event.ref, event)
                for record in self._skips.catch_up():
                    if isinstance(event := record.event, RecordSkipped):
                        with suppress(NotAPosition):  # a neighbour's words, not ours
                            self._skipped[Position.parse(event.position)] = event.because
            except (LogNotReachable, LogStalled) as error:
                raise LogUnavailable(str(error)) from error
