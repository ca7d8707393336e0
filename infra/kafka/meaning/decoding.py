"""Decoding readings with the contracts and profiles of the log, looked up again when something is unknown."""

from collections.abc import Sequence

from domain.admission import UnknownProfile
from domain.profiles import ProfileDefined
from domain.topics import PROFILE_EVENTS
from infra.kafka.meaning.contracts import ContractsFollower
from infra.kafka.meaning.control_topic import ControlTopic
from schemas.contracts import UnknownSchemaId
from schemas.decoder import ReadingDecoder
from schemas.readings import Readings
from schemas.records import RecordBatch


class KafkaReadingDecoding:
    """The decoder whose knowledge is the log's: what it does not know it looks for there once, then says so."""

    def __init__(self, bootstrap: str, contracts: ContractsFollower) -> None:
        self._contracts = contracts
        self._profile_events = ControlTopic(bootstrap, PROFILE_EVENTS, contracts.contracts)
        self.profiles: dict[str, ProfileDefined] = {}
        """Profiles by reference, such as pump@1; grows. A profile never changes: its first description counts."""
        self._decoder = ReadingDecoder(contracts.contracts, self.profiles)

    def refresh(self) -> None:
        """Take in the contracts and profiles that are in the log now.

        Raises:
            LogNotReachable: no broker answers.
        """
        self._contracts.refresh()
        for record in self._profile_events.catch_up():
            if isinstance(event := record.event, ProfileDefined):
                self.profiles.setdefault(event.ref, event)

    def decode(self, batch: RecordBatch) -> Readings:
        """Return the batch's readings.

        Raises:
            UnknownSchemaId, UnknownProfile: what the batch needs is not in the log yet.
        """
        (readings,) = self.decode_all([batch])
        return readings

    def decode_all(self, batches: Sequence[RecordBatch]) -> tuple[Readings, ...]:
        """Return the readings of each batch.

        Raises:
            UnknownSchemaId, UnknownProfile: what one of them needs is not in the log yet.
        """
        try:
            return self._decoder.decode_all(batches)
        except (UnknownSchemaId, UnknownProfile):
            self.refresh()
            return self._decoder.decode_all(batches)
