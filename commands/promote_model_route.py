"""POST /models/{profile}/promote and /rollback: a person puts a version in force, and says why."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from commands.event_log import Record
from commands.headers import IdempotencyKey, IfMatch, entity_tag, version_named
from commands.promote_model import PromoteModelHandler, PromotionRefused
from commands.stamps import stamp_of
from domain.models import ModelPromoted
from domain.promotion import ModelEvent, PromoteModel, RollBackModel

LONGEST_REASON: Final = 2_000

Line = Annotated[str, Path(description="Line of the profile, such as pump.", examples=["pump"])]


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
    champion: str | None = Field(
        default=None,
        description="The version to leave, such as pump/3: refused when somebody has replaced it since.",
        examples=["pump/3"],
    )


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
            412: {"description": "The champion changed since the version that If-Match names."},
            422: {"description": "The body is wrong, or the Idempotency-Key belongs to another command."},
            503: {"description": "The log did not take it; the same command again is safe."},
        },
    )
    def promote(
        profile: Line,
        wish: Promotion,
        response: Response,
        name: Annotated[str, Depends(actor)],
        *,
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> Promoted:
        """Make a trained version the champion: the scorer judges with it from its next transaction on.

        A version that replaces a champion must have been compared with it, inside the budgets, or is forced.
        """
        command = PromoteModel(name=profile, version=wish.version, because=wish.because, actor=name, force=wish.force)
        return answered(command, response, idempotency_key, version_named(if_match))

    @router.post(
        "/models/{profile}/rollback",
        status_code=HTTPStatus.CREATED,
        responses={
            200: {"model": Promoted, "description": "This command was answered before."},
            409: {"description": "No version was champion before, or the champion is not the one to leave any more."},
            412: {"description": "The champion changed since the version that If-Match names."},
            422: {"description": "The body is wrong, or the Idempotency-Key belongs to another command."},
            503: {"description": "The log did not take it; the same command again is safe."},
        },
    )
    def roll_back(
        profile: Line,
        wish: Rollback,
        response: Response,
        name: Annotated[str, Depends(actor)],
        *,
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> Promoted:
        """Make the champion before champion again. It needs no comparison: it was in force, and time may be short."""
        command = RollBackModel(name=profile, because=wish.because, actor=name, champion=wish.champion)
        return answered(command, response, idempotency_key, version_named(if_match))

    def answered(
        command: PromoteModel | RollBackModel, response: Response, idempotency_key: str | None, if_match: str | None
    ) -> Promoted:
        stamp = stamp_of(command, idempotency_key, if_match=if_match)
        answer = handler.handle(command, stamp, if_match=if_match)
        if not answer.is_new:
            response.status_code = HTTPStatus.OK
        promoted = _promoted(answer.record)
        response.headers["Telltale-Position"] = promoted.position
        response.headers["ETag"] = entity_tag(promoted.position)
        return promoted

    return router


def champion_of(record: Record[ModelEvent] | None) -> Mapping[str, object]:
    """Return who is champion since when and by whom, as members of a problem; nothing when there is none."""
    if record is None:
        return {}
    return {"champion": _promoted(record).model_dump(mode="json")}


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


def _promoted(record: Record[ModelEvent]) -> Promoted:
    event = record.event
    if not isinstance(event, ModelPromoted):
        raise TypeError(f"{record.position} is no promotion: the log does not agree with its own fold")
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
