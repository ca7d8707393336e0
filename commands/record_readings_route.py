"""POST /readings: a batch of readings in JSON or as an Avro object container file."""

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

import fastavro
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, Strict, ValidationError

from commands.record_readings import OfferedReading, Outcome, RecordReadingsHandler, Refused

MOST_ITEMS: Final = 10_000
LARGEST_BODY: Final = 16 * 1024 * 1024
AVRO_TYPES: Final = frozenset({"application/avro", "avro/binary", "application/vnd.apache.avro"})
SOURCE: Final = "http"

EXAMPLE: Final = {
    "readings": [
        {
            "machine_id": "pump-07",
            "sensor_id": "drive-end",
            "profile": "pump",
            "recorded_at": "2026-03-09T10:14:33.250Z",
            "measurements": {"speed": 81.2, "vibration": 2.31, "temperature": 48.5},
        }
    ]
}


class ReadingItem(BaseModel):
    """One reading as its sender states it."""

    model_config = ConfigDict(extra="forbid")

    machine_id: str | None = Field(default=None, description="Machine; the sensor itself when left out.")
    sensor_id: str | None = Field(default=None, description="Sensor; the machine itself when left out.")
    profile: str = Field(description="pump for its newest version, or pump@1.")
    recorded_at: AwareDatetime = Field(description="Device time with its zone.")
    measurements: dict[str, Annotated[float, Strict()]] = Field(description="Channel to value in the profile's unit.")
    source: str = Field(default=SOURCE, description="Name of what sends it.")
    event_id: UUID | None = Field(default=None, description="Follows from the content when left out.")
    anomaly_injected: bool | None = Field(default=None, description="Ground truth where known.")
    anomaly_type: str | None = Field(default=None, description="Kind of the known fault.")


class NothingRecorded(Exception):
    """Every item of the batch was refused."""

    def __init__(self, refused: Sequence[Refused]) -> None:
        told = [Refused(one.index, sendable(one.field), sendable(one.reason)) for one in refused]
        first = told[0]
        super().__init__(
            f"None of the {len(told)} readings can be accepted; item {first.index}: {first.field}: {first.reason}"
        )
        self.refused = tuple(told)


class AppendedItem(BaseModel):
    """An item that is in the log."""

    index: int
    event_id: UUID
    position: str = Field(description="topic/partition/offset.")


class RefusedItem(BaseModel):
    """An item that is not in the log."""

    index: int
    field: str
    reason: str


class ReadingsAnswer(BaseModel):
    """What became of every item."""

    appended: list[AppendedItem]
    refused: list[RefusedItem]
    ahead: list[int] = Field(
        description="Items appended although their time is over 5 minutes ahead: stored, and not judged."
    )


def record_readings_routes(handler: RecordReadingsHandler, *, actor: Callable[..., str]) -> APIRouter:
    """Return the route; `actor` is the dependency that names the sender or refuses them."""
    router = APIRouter(tags=["readings"])
    schema = {"application/json": {"schema": {"type": "object"}, "example": EXAMPLE}}

    async def body(request: Request) -> bytes:
        return await request.body()  # the gate before the service has counted it

    @router.post(
        "/readings",
        status_code=HTTPStatus.CREATED,
        summary="Record readings; items that can't be accepted are named, the others go in",
        openapi_extra={"requestBody": {"content": schema, "required": True}},
    )
    def post_readings(
        request: Request,
        response: Response,
        content: Annotated[bytes, Depends(body)],
        _actor: Annotated[str, Depends(actor)],
        *,
        any_time: Annotated[
            bool, Query(description="Take readings of before 2000, or of more than a day ahead, too.")
        ] = False,
    ) -> ReadingsAnswer:
        """Append a batch. 201 when anything went in, 422 when nothing did, 503 when the log does not take it."""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        plain = _from_avro(content) if media_type in AVRO_TYPES else _from_json(content)
        if len(plain) > MOST_ITEMS:
            raise HTTPException(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{len(plain):,} items; send at most {MOST_ITEMS:,}."
            )
        outcome = handler.handle([offered(index, item) for index, item in enumerate(plain)], any_time=any_time)
        if not outcome.appended:
            raise NothingRecorded(outcome.refused)
        response.headers["Telltale-Position"] = last_positions(outcome)
        return ReadingsAnswer(
            appended=[
                AppendedItem(index=item.index, event_id=item.event_id, position=str(item.position))
                for item in outcome.appended
            ],
            refused=[
                RefusedItem(index=item.index, field=sendable(item.field), reason=sendable(item.reason))
                for item in outcome.refused
            ],
            ahead=list(outcome.ahead),
        )

    return router


def offered(index: int, plain: object) -> OfferedReading | Refused:
    """Return an item as a reading that can be judged, or why it is none."""
    try:
        item = ReadingItem.model_validate(plain)
        recorded_at = item.recorded_at.astimezone(UTC)
    except ValidationError as error:
        fault = error.errors()[0]
        return Refused(index, ".".join(str(part) for part in fault["loc"]), fault["msg"])
    except OverflowError:  # the first and the last day that can be written, in another zone
        return Refused(index, "recorded_at", "is not within 1970 to 2199")
    return OfferedReading(**{**dict(item), "recorded_at": recorded_at})


def sendable(text: str) -> str:
    """Return a text as it can be sent: half characters and control characters written out."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode()
        for character in text
    )


def last_positions(outcome: Outcome) -> str:
    """Return the last position of each partition written to, joined by commas."""
    last = {}
    for item in sorted(outcome.appended, key=lambda item: item.position):
        last[item.position.partition] = item.position
    return ",".join(str(position) for position in last.values())


def _from_json(content: bytes) -> list[object]:
    # Every reading is an object with one inside: a body of more brackets than that is refused before it is parsed.
    if content.count(b"{") + content.count(b"[") > 4 * MOST_ITEMS:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"More than {MOST_ITEMS:,} items: send fewer.")
    try:
        plain: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"The body is no JSON: {error}.") from error
    items = plain.get("readings") if isinstance(plain, dict) else plain
    if not isinstance(items, list) or not items:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, 'The body must be {"readings": […]} or a list, with at least one reading.'
        )
    return items


def _from_avro(content: bytes) -> list[object]:
    try:
        return [dict(_plain(record)) for record in fastavro.reader(io.BytesIO(content))]
    except Exception as error:  # fastavro raises whatever the damaged bytes lead it into
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"The body is no Avro object container file: {error}."
        ) from error


def _plain(record: Any) -> Iterator[tuple[str, object]]:
    if not isinstance(record, Mapping):
        raise TypeError("its items are no records")
    for name, value in record.items():
        yield name, value.isoformat() if isinstance(value, datetime) else value
