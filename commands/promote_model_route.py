"""POST /models/{profile}/promote and /rollback: a person puts a version in force, and says why."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final
from uuid import uuid4

from fastapi import APIRouter, Depends, Header, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from commands.desk import Answer
from commands.event_log import CommandStamp, Record
from commands.promote_model import PromoteModelHandler, PromotionRefused
from domain.models import ModelPromoted
from domain.promotion import PromoteModel, RollBackModel, Untrained

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
    force: bool = Field(default=False, description="Also when the gate refuses; the log says that it was overruled.")


class Rollback(BaseModel):
    """What is wanted: the champion before."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"because": "three alarms on sound machines since noon"}}
    )

    because: str = Field(min_length=1, max_length=LONGEST_REASON, description="Why; shown wherever the champion is.")


class Promoted(BaseModel):
    """What the log says now."""

    model: str = Field(description="The champion, such as pump/2.")
    replaces: str | None = Field(description="The champion before.")
    because: str
    actor: str = Field(description="Name of the API key.")
    forced: bool = Field(description="The gate was overruled.")
    rollback: bool = Field(description="It undid the promotion before.")
    comparison_id: str | None = Field(description="The comparison that stood at the gate.")
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
            409: {
                "description": "A rule forbids it; says which, and who promoted the champion when. When it is the "
                "gate, `rejection` holds the numbers and their budgets, and the log has the PromotionRejected."
            },
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
        """Make a trained version the champion: the scorer judges with it from its next transaction on.

        A version that replaces a champion must have been compared with it, inside the budgets, or is forced.
        """
        command = PromoteModel(name=profile, version=wish.version, because=wish.because, actor=name, force=wish.force)
        return answered(command, idempotency_key, response)

    @router.post(
        "/models/{profile}/rollback",
        status_code=HTTPStatus.CREATED,
        responses={
            200: {"model": Promoted, "description": "This command was answered before."},
            409: {"description": "No version was champion before."},
            422: {"description": "The body is wrong, or the Idempotency-Key belongs to another command."},
            503: {"description": "The log did not take it; the same command again is safe."},
        },
    )
    def roll_back(
        profile: Annotated[str, Path(description="Line of the profile, such as pump.", examples=["pump"])],
        wish: Rollback,
        response: Response,
        name: Annotated[str, Depends(actor)],
        idempotency_key: Annotated[
            str | None,
            Header(max_length=LONGEST_COMMAND_ID, description="Name of this command; the same again is one event."),
        ] = None,
    ) -> Promoted:
        """Make the champion before champion again. It needs no comparison: it was in force, and time may be short."""
        command = RollBackModel(name=profile, because=wish.because, actor=name)
        return answered(command, idempotency_key, response)

    def answered(command: PromoteModel | RollBackModel, idempotency_key: str | None, response: Response) -> Promoted:
        answer = handler.handle(command, stamp_of(idempotency_key, command))
        if answer.repeated or not answer.records:
            response.status_code = HTTPStatus.OK
        promoted = _promoted(_record(answer, handler, command))
        response.headers["Telltale-Position"] = promoted.position
        return promoted

    return router


def stamp_of(idempotency_key: str | None, command: PromoteModel | RollBackModel) -> CommandStamp:
    """Return the command's stamp; without a key of the client's every request is a command of its own."""
    asked: dict[str, object] = {"command": type(command).__name__, "name": command.name, "because": command.because}
    if isinstance(command, PromoteModel):
        asked["version"] = command.version
        if command.force:  # named only then, so that a wish from before there was a gate keeps its hash
            asked["force"] = True
    wish = json.dumps(asked, sort_keys=True)
    return CommandStamp(
        command_id=idempotency_key or str(uuid4()), body_sha256=hashlib.sha256(wish.encode()).hexdigest()
    )


def champion_of(handler: PromoteModelHandler, name: str) -> Mapping[str, object]:
    """Return who is champion since when and by whom, as members of a problem; nothing when there is none."""
    record = handler.lines.promotion(name)
    return {} if record is None else {"champion": _promoted(record).model_dump(mode="json")}


def rejection_of(refused: PromotionRefused) -> Mapping[str, object]:
    """Return a refusal of the gate as members of a problem: numbers, budgets, and where the log says so."""
    rejection = refused.rejection
    return {
        "rejection": {
            "model": str(rejection.model),
            "against": str(rejection.against),
            "comparison_id": rejection.comparison_id,
            "numbers": None if rejection.numbers is None else asdict(rejection.numbers),
            "checks": [asdict(check) for check in rejection.checks],
            "rejected_at": refused.record.appended_at.isoformat(),
            "position": str(refused.record.position),
        }
    }


def _record(answer: Answer, handler: PromoteModelHandler, command: PromoteModel | RollBackModel) -> Record:
    if answer.records:
        return answer.records[-1]
    line = handler.lines.line(command.name)
    # Nothing changes only where the champion is the wished one.
    assert isinstance(command, PromoteModel)  # noqa: S101
    assert not isinstance(line, Untrained)  # noqa: S101
    record = handler.lines.promotion_of(line.versions[command.version])
    assert record is not None  # noqa: S101
    return record


def _promoted(record: Record) -> Promoted:
    event = record.event
    assert isinstance(event, ModelPromoted)  # noqa: S101 - what else they lead to is raised
    return Promoted(
        model=str(event.model),
        replaces=str(event.replaces) if event.replaces else None,
        because=event.because,
        actor=event.actor,
        forced=event.forced,
        rollback=event.rollback,
        comparison_id=event.comparison_id,
        promoted_at=record.appended_at,
        position=str(record.position),
    )
