"""The one reader of control topics: it gives out the events that belong there, and passes over everything else.

Anybody who reaches the broker can write into a control topic. Such a record must end nobody: what can't be decoded, or
is no event of its topic, is passed over and reported in the process's log.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from domain.positions import Position
from domain.readings import moment_of
from domain.topics import TOPICS
from infra.kafka.meaning.contracts import load_contracts
from schemas.codec import Event, decode
from schemas.contracts import Contracts, UnknownSchemaId
from schemas.records import RecordBatch
from schemas.wire import BadRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRecord:
    """One event of a control topic: where it stands, when the log took it, and what came with it."""

    position: Position
    appended_at: datetime
    key: bytes | None
    headers: Mapping[str, bytes | None]
    event: Event


class ControlDecoder:
    """Decodes batches of control topics, whichever way they were read."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._bootstrap: Final = bootstrap
        self._contracts = contracts

    def events(self, batch: RecordBatch) -> Iterator[ControlRecord]:
        """Yield the events of the batch's topic, in order.

        Raises:
            LogNotReachable, LogStalled: a record names an unknown schema id, and topic contracts can't be read.
        """
        for row, value in enumerate(batch.values):
            position = Position(batch.topic, batch.partition, int(batch.offsets[row]))
            try:
                event = self._decoded(value)
            except (BadRecord, UnknownSchemaId) as problem:
                structlog.get_logger().warning("control_record_passed_over", position=str(position), why=str(problem))
                continue
            if type(event).__name__ in TOPICS[batch.topic].events:
                yield ControlRecord(
                    position=position,
                    appended_at=moment_of(int(batch.appended_at_us[row])),
                    key=batch.keys[row],
                    headers=dict(batch.headers[row] or ()),
                    event=event,
                )

    def _decoded(self, value: bytes | None) -> Event:
        try:
            return decode(value, self._contracts)
        except UnknownSchemaId:
            # Whoever writes an event publishes its schema first.
            self._contracts = load_contracts(self._bootstrap)
            return decode(value, self._contracts)
