"""What records mean, read from the control topics: schemas, profiles, records to pass over."""

from collections.abc import Iterator, Mapping
from threading import Lock
from types import MappingProxyType

import structlog

from domain.dead_letters import RecordSkipped
from domain.positions import Position
from domain.profiles import ProfileDefined
from domain.topics import PROFILE_EVENTS, SKIPS
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.log_range import LogStalled, read_to_end
from infra.kafka.meaning.contracts import ContractsFollower, ContractsUnreadable
from projections.ports import LogUnavailable
from schemas.codec import Event, decode
from schemas.contracts import Contracts, UnknownSchemaId
from schemas.wire import BadRecord


class KafkaVocabulary:
    """Shared by all projectors of a process; only ever grows, so it is read without a lock."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._ends = LogEnds(bootstrap)
        self._contracts = ContractsFollower(bootstrap)
        self._next = {PROFILE_EVENTS: 0, SKIPS: 0}
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
            LogUnavailable: the log does not answer, a writer's transaction stays open, or a schema is not published.
        """
        with self._refreshing:
            try:
                self._contracts.refresh()
                for event in self._news(PROFILE_EVENTS):
                    if isinstance(event, ProfileDefined):
                        self._profiles.setdefault(event.ref, event)
                for event in self._news(SKIPS):
                    if isinstance(event, RecordSkipped):
                        self._skipped[Position.parse(event.position)] = event.because
            except (LogNotReachable, LogStalled, UnknownSchemaId, ContractsUnreadable) as error:
                raise LogUnavailable(str(error)) from error

    def _news(self, topic: str) -> Iterator[Event]:
        """Yield the topic's events since the last time; what is no event is passed over, here as everywhere."""
        end = self._ends.written([(topic, 0)])[topic, 0]
        for batch in read_to_end(self._bootstrap, topic, 0, start=self._next[topic], end=end):
            for offset, value in zip(batch.offsets.tolist(), batch.values, strict=True):
                try:
                    yield decode(value, self.contracts)
                except BadRecord as bad:
                    structlog.get_logger().warning(
                        "control_record_unreadable", topic=topic, offset=offset, why=str(bad)
                    )
                self._next[topic] = offset + 1
        self._next[topic] = max(self._next[topic], end)
