"""POST /models/{profile}/promote: a person makes a trained version the champion, and says why."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final
from uuid import uuid4

from fastapi import APIRouter, Depends, Header, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from commands.desk import Answer
from commands.event_log import CommandStamp, Record
from commands.promote_model import PromoteModelHandler
from domain.models import ModelPromoted, PromoteModel

LONGEST_REASON: Final = 2_000
LONGEST_COMMAND_ID: Final = 200


class Promotion(BaseModel):
    """What is wanted."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"version": 2, "because": "finds the bearing fault of 3 March, one false less"}},
    )

    version: int = Field(ge=1, description="The 2 of pump/2.")
    because: str = Field(min_length=1, max_length=LONGEST_REASON, description="Why; shown wherever the champion is.")


class Promoted(BaseModel):
    """What the log says now."""

    model: str = Field(description="The champion, such as pump/2.")
    replaces: str | None = Field(description="The champion before.")
    because: str
    actor: str = Field(description="Name of the API key.")
    promoted_at: datetime = Field(description="When the log took it.")
    position: str = Field(description="topic/partition/offset of the ModelPromoted; give it to a GET as min_position.")


def promote_routes(handler: PromoteModelHandler, *, actor: Callable[..., str]) -> APIRouter:
    """Return the route; `actor` is the dependency that names who asks, or refuses."""
    router = APIRouter(tags=["models"])

    @router.post(
        "/models/{profile}/promote",
        status_code=HTTPStatus.CREATED,
        responses={
            200: {"model": Promoted, "description": "It is champion already, or this command was answered before."},
            409: {"description": "A rule forbids it; says which, and who promoted the champion when."},
            422: {"description": "The body is wrong, or the Idempotency-Key belongs to another command."},
            503: {"description": "The log did not take it; the same command again is safe."},
        },
    )
    def promote(
        profile: Annotated[str, Path(description="Line of the profile, such as pump.", examples=["pump"])],
        wish: Promotion,
        response: Response,
        name: Annotated[str, Depends(actor)],
        idempotency_key: Annotated[
            str | None,
            Header(max_length=LONGEST_COMMAND_ID, description="Name of this command; the same again is one event."),
        ] = None,
    ) -> Promoted:
        """Make a trained version the champion: the scorer judges with it from its next transaction on."""
        command = PromoteModel(name=profile, version=wish.version, because=wish.because, actor=name)
        answer = handler.handle(command, stamp_of(idempotency_key, command))
        if answer.repeated or not answer.records:
            response.status_code = HTTPStatus.OK
        promoted = _promoted(_record(answer, handler, profile))
        response.headers["Telltale-Position"] = promoted.position
        return promoted

    return router


def stamp_of(idempotency_key: str | None, command: PromoteModel) -> CommandStamp:
    """Return the command's stamp; without a key of the client's every request is a command of its own."""
    wish = json.dumps(
        {"command": "PromoteModel", "name": command.name, "version": command.version, "because": command.because},
        sort_keys=True,
    )
    return CommandStamp(
        command_id=idempotency_key or str(uuid4()), body_sha256=hashlib.sha256(wish.encode()).hexdigest()
    )


def champion_of(handler: PromoteModelHandler, name: str) -> Mapping[str, object]:
    """Return who is champion since when and by whom, as members of a problem; nothing when there is none."""
    record = handler.lines.promotion(name)
    return {} if record is None else {"champion": _promoted(record).model_dump(mode="json")}


def _record(answer: Answer, handler: PromoteModelHandler, name: str) -> Record:
    record = answer.records[-1] if answer.records else handler.lines.promotion(name)
    assert record is not None  # noqa: S101 - nothing changes only where the champion is the wished one
    return record


def _promoted(record: Record) -> Promoted:
    event = record.event
    assert isinstance(event, ModelPromoted)  # noqa: S101 - PromoteModel leads to nothing else
    return Promoted(
        model=str(event.model),
        replaces=str(event.replaces) if event.replaces else None,
        because=event.because,
        actor=event.actor,
        promoted_at=record.appended_at,
        position=str(record.position),
    )
