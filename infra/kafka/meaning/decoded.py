"""Records of any topic, decoded one by one for people: whatever is wrong with one is said, never raised."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from domain.contracts import SchemaPublished
from domain.positions import Position
from domain.topics import CONTRACTS
from schemas.codec import decode_plain
from schemas.contracts import Contracts, UnknownSchemaId
from schemas.publication import decode_published
from schemas.records import RecordBatch
from schemas.wire import BadRecord, schema_id_of

UNKNOWN_ID: Final = "unknown_id"
"""Class of a record whose schema id is not published; the others are those of dead letters."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a record can't be decoded: the class of a dead letter, or UNKNOWN_ID, and words."""

    error: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedRecord:
    """One record: where and when, and the event it holds, or the problem with it; `value` is what was stored."""

    position: Position
    appended_at: datetime
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    schema_id: int | None
    event: str | None
    fields: Mapping[str, Any] | None
    problem: Problem | None


class GrowingContracts(Protocol):
    """The published contracts and a way to ask for more; see `infra.kafka.meaning.contracts.ContractsFollower`."""

    contracts: Contracts

    def refresh(self) -> tuple[SchemaPublished, ...]:
        """Take in what was published since the last time; return that."""


class RecordReader:
    """Decodes batches, refreshing the contracts when an id is not known yet."""

    def __init__(self, contracts: GrowingContracts) -> None:
        self._known = contracts
        self._unknown: set[int] = set()

    def decode(self, batch: RecordBatch) -> Iterator[DecodedRecord]:
        """Yield every record of `batch`, in order.

        Raises:
            LogNotReachable: topic contracts can't be read.
        """
        for place, value in enumerate(batch.values):
            schema_id, event, fields, problem = self._decoded(batch.topic, value)
            yield DecodedRecord(
                position=Position(batch.topic, batch.partition, int(batch.offsets[place])),
                appended_at=_EPOCH + timedelta(microseconds=int(batch.appended_at_us[place])),
                key=batch.keys[place],
                value=value,
                headers=batch.headers[place],
                schema_id=schema_id,
                event=event,
                fields=fields,
                problem=problem,
            )

    def _decoded(
        self, topic: str, value: bytes | None
    ) -> tuple[int | None, str | None, Mapping[str, Any] | None, Problem | None]:
        schema_id = None
        try:
            schema_id = schema_id_of(value)
            if topic == CONTRACTS:
                published = decode_published(value)
                return schema_id, "SchemaPublished", {name: getattr(published, name) for name in _PUBLISHED}, None
            self._look_up(schema_id)
            event, fields = decode_plain(value, self._known.contracts)
        except BadRecord as error:
            return schema_id, None, None, Problem(error=error.error, message=str(error))
        except UnknownSchemaId as error:
            return schema_id, None, None, Problem(error=UNKNOWN_ID, message=str(error))
        return schema_id, event, fields, None

    def _look_up(self, schema_id: int) -> None:
        """Refresh the contracts for an id not known yet; once for each, since poison can name any."""
        if schema_id not in self._known.contracts and schema_id not in self._unknown:
            self._known.refresh()
            if schema_id not in self._known.contracts:
                self._unknown.add(schema_id)


_PUBLISHED: Final = ("id", "subject", "version", "text", "sha256")
