"""Decoding readings with the contracts, profiles and skips of the log, looked up again when something is unknown."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

import numpy as np

from domain.admission import UnknownProfile
from domain.dead_letters import RecordSkipped
from domain.positions import NotAPosition, Position
from domain.profiles import ProfileDefined, is_sound
from domain.topics import PROFILE_EVENTS, SENSOR_EVENTS, SKIPS
from infra.kafka.meaning.contracts import ContractsFollower
from infra.kafka.meaning.control_topic import ControlTopic
from schemas.contracts import UnknownSchemaId
from schemas.decoder import ReadingDecoder
from schemas.readings import Readings, UnknownReference
from schemas.records import RecordBatch


class KafkaReadingDecoding:
    """The decoder whose knowledge is the log's: what it does not know it looks for there once, then says so."""

    def __init__(self, bootstrap: str, contracts: ContractsFollower) -> None:
        self._contracts: Final = contracts
        self._profile_events: Final = ControlTopic(bootstrap, PROFILE_EVENTS, contracts.contracts)
        self._skip_events: Final = ControlTopic(bootstrap, SKIPS, contracts.contracts)
        self._skips: Final[dict[int, dict[int, RecordSkipped]]] = defaultdict(dict)
        self._begun = False
        self.profiles: dict[str, ProfileDefined] = {}
        """Profiles by reference, such as pump@1; grows. A profile never changes: its first description counts."""
        self._decoder: Final = ReadingDecoder(contracts.contracts, self.profiles)

    def refresh(self) -> None:
        """Take in the contracts, profiles and skips that are in the log now.

        Raises:
            LogNotReachable: no broker answers.
        """
        self._contracts.refresh()
        for record in self._profile_events.catch_up():
            if isinstance(event := record.event, ProfileDefined) and is_sound(event):
                self.profiles.setdefault(event.ref, event)
        for record in self._skip_events.catch_up():
            if isinstance(event := record.event, RecordSkipped):
                self._skip(event)
        self._begun = True

    def decode(self, batch: RecordBatch) -> Readings:
        """Return the batch's readings as the scorer read them: without the records that it passed over unread.

        Raises:
            UnknownSchemaId, UnknownProfile: what the batch needs is not in the log yet.
        """
        (readings,) = self._decoded([batch], lambda skip: skip.unread)
        return readings

    def decode_new(self, batches: Sequence[RecordBatch]) -> tuple[Readings, ...]:
        """Return the readings of each batch, without any record that was skipped.

        Raises:
            UnknownSchemaId, UnknownProfile: what one of them needs is not in the log yet.
        """
        return self._decoded(batches, lambda _: True)

    def unknown(self, batch: RecordBatch) -> Sequence[UnknownReference]:
        """Return what keeps the batch from being decoded, in the order of its records."""
        return self._decoder.unknown(self._without(batch, lambda _: True)[0])

    def skip_of(self, offset: int, partition: int) -> RecordSkipped | None:
        """Return the skip of a record of sensor-events; None when nobody said so."""
        return self._skips.get(partition, {}).get(offset)

    def _decoded(
        self, batches: Sequence[RecordBatch], passed_over: Callable[[RecordSkipped], bool]
    ) -> tuple[Readings, ...]:
        if not self._begun:
            self.refresh()
        try:
            return self._with_known(batches, passed_over)
        except (UnknownSchemaId, UnknownProfile):
            self.refresh()
            return self._with_known(batches, passed_over)

    def _with_known(
        self, batches: Sequence[RecordBatch], passed_over: Callable[[RecordSkipped], bool]
    ) -> tuple[Readings, ...]:
        kept = [self._without(batch, passed_over) for batch in batches]
        decoded = self._decoder.decode_all([batch for batch, _ in kept])
        return tuple(
            replace(readings, skipped=skipped) if skipped else readings
            for readings, (_, skipped) in zip(decoded, kept, strict=True)
        )

    def _without(
        self, batch: RecordBatch, passed_over: Callable[[RecordSkipped], bool]
    ) -> tuple[RecordBatch, tuple[int, ...]]:
        skips: Mapping[int, RecordSkipped] = self._skips.get(batch.partition, {})
        if not skips or batch.topic != SENSOR_EVENTS:
            return batch, ()
        offsets = batch.offsets.tolist()
        skipped = tuple(offset for offset in offsets if offset in skips and passed_over(skips[offset]))
        if not skipped:
            return batch, ()
        return batch.take(np.flatnonzero(~np.isin(batch.offsets, skipped))), skipped

    def _skip(self, event: RecordSkipped) -> None:
        with suppress(NotAPosition):  # somebody else's words
            at = Position.parse(event.position)
            before = self._skips[at.partition].get(at.offset) if at.topic == SENSOR_EVENTS else event
            if before is None or (event.unread and not before.unread):
                self._skips[at.partition][at.offset] = event
