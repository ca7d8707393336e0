"""A verdict followed back through the log: reading, model, manifest, promotion, each with its place."""

from dataclasses import dataclass
from uuid import UUID

from domain.models import ModelPromoted, ModelTrained
from domain.positions import NotAPosition, Position
from domain.readings import SensorReadingRecorded
from ml.lineage.ports import LineageLog, LoggedModelNews, LoggedVerdict
from schemas.codec import decode
from schemas.contracts import Contracts, UnknownSchemaId
from schemas.records import RecordBatch
from schemas.wire import BadRecord, schema_id_of


class VerdictNotFound(LookupError):
    """The log holds no live verdict of that id."""

    def __init__(self, event_id: UUID) -> None:
        super().__init__(f"anomaly-events holds no verdict {event_id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """What the log says of a verdict's origin; None where it holds nothing, or nothing that can be read.

    record: the reading as it is stored. promotions: of the model, in log order. promotion: their newest before the
    verdict was written.
    """

    verdict: LoggedVerdict
    reading_position: Position | None
    record: RecordBatch | None
    schema_id: int | None
    reading: SensorReadingRecorded | None
    trained: LoggedModelNews | None
    promotion: LoggedModelNews | None
    promotions: tuple[LoggedModelNews, ...]


def lineage_of(event_id: UUID, log: LineageLog, contracts: Contracts, *, near: Position | None = None) -> Lineage:
    """Return where a verdict comes from; `near` is where it is said to stand.

    Raises:
        VerdictNotFound: it is not in the log.
    """
    verdict = log.verdict(event_id, near=near)
    if verdict is None:
        raise VerdictNotFound(event_id)
    position = _position(verdict.event.reading_position)
    record = None if position is None else log.record(position)
    schema_id, reading = _decoded(record, contracts)
    news = list(log.model_news())
    model = verdict.event.model
    trained = [one for one in news if isinstance(one.event, ModelTrained) and one.event.model == model]
    promotions = tuple(one for one in news if isinstance(one.event, ModelPromoted) and one.event.model == model)
    before = [one for one in promotions if one.appended_at <= verdict.appended_at]
    return Lineage(
        verdict=verdict,
        reading_position=position,
        record=record,
        schema_id=schema_id,
        reading=reading,
        trained=trained[0] if trained else None,
        promotion=before[-1] if before else None,
        promotions=promotions,
    )


def _position(text: str) -> Position | None:
    try:
        return Position.parse(text)
    except NotAPosition:
        return None


def _decoded(record: RecordBatch | None, contracts: Contracts) -> tuple[int | None, SensorReadingRecorded | None]:
    if record is None:
        return None, None
    try:
        schema_id = schema_id_of(record.values[0])
        event = decode(record.values[0], contracts)
    except (BadRecord, UnknownSchemaId):
        return None, None
    return schema_id, event if isinstance(event, SensorReadingRecorded) else None
