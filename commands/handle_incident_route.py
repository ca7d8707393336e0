"""POST /incidents/{incident_id}/…: what people do about an incident, one or many at once."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from commands.answers import Answer
from commands.handle_incident import IncidentHandler
from commands.headers import LONGEST_VERSION, IdempotencyKey, IfMatch, entity_tag, item_key, version_named
from commands.stamps import stamp_of
from domain.incident_events import IncidentEvent
from domain.incidents import (
    LONGEST_TEXT,
    AcknowledgeIncident,
    AssignIncident,
    CommentIncident,
    IncidentCommand,
    ReopenIncident,
    ResolveIncident,
)

MOST_AT_ONCE: Final = 200

IncidentId = Annotated[UUID, Path(description="incident_id, as GET /incidents lists it.")]
Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]

RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "This command was answered before; this is the first answer."},
    404: {"description": "No incident has this id."},
    409: {"description": "A rule forbids it; names the rule, and who was first, when."},
    412: {"description": "The incident changed since the version that If-Match names."},
    422: {"description": "The body is wrong, or the Idempotency-Key belongs to another command."},
    503: {"description": "The log did not take it; the same command again is safe."},
}


class _Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Assignment(_Wanted):
    """Whose the incident is to be."""

    assignee: Text


class Comment(_Wanted):
    """What is to be written down."""

    text: Text


class Resolution(_Wanted):
    """What the incident was: a label for training."""

    judgement: Literal["true_alarm", "false_alarm", "planned", "unknown"]
    cause: str = Field(default="", max_length=LONGEST_TEXT, description="In words; may be empty.")


class Reopening(_Wanted):
    """Why the incident is not done with."""

    because: Text


class BulkItem(_Wanted):
    """One of many: an incident, and what is to become of it."""

    incident_id: UUID
    action: Literal["acknowledge", "assign", "comment", "resolve", "reopen"]
    assignee: str | None = None
    text: str | None = None
    judgement: str | None = None
    cause: str = ""
    because: str | None = None
    if_match: str | None = Field(
        default=None, max_length=LONGEST_VERSION, description="Version that it must still have."
    )


class Handled(BaseModel):
    """What the log says now."""

    incident_id: UUID
    event: str = Field(description="What was appended, such as IncidentAcknowledged.")
    actor: str
    position: str = Field(description="topic/partition/offset of the event; give it to a GET as min_position.")


def incident_routes(
    handler: IncidentHandler, *, actor: Callable[..., str], refusal: Callable[[Exception], Mapping[str, Any]]
) -> APIRouter:
    """Return the routes; `actor` names who asks, or refuses; `refusal` tells a refused item of many as a body."""
    router = APIRouter(prefix="/incidents", tags=["incidents"])

    def answered(
        command: IncidentCommand, response: Response, idempotency_key: str | None, if_match: str | None
    ) -> Handled:
        version = version_named(if_match)
        answer = handler.handle(command, stamp_of(command, idempotency_key, if_match=version), if_match=version)
        if not answer.is_new:
            response.status_code = HTTPStatus.OK
        handled = _handled(answer)
        response.headers["Telltale-Position"] = handled.position
        response.headers["ETag"] = entity_tag(handled.position)
        return handled

    Actor = Annotated[str, Depends(actor)]  # noqa: N806 - a type

    @router.post(
        "/{incident_id}/acknowledge", summary="Take an incident on", status_code=HTTPStatus.CREATED, responses=RESPONSES
    )
    def acknowledge(
        incident_id: IncidentId,
        response: Response,
        name: Actor,
        *,
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> Handled:
        """Make the incident yours; refused when somebody has it already, unless it became worse since."""
        return answered(AcknowledgeIncident(incident_id=incident_id, actor=name), response, idempotency_key, if_match)

    @router.post(
        "/{incident_id}/assign",
        summary="Make an incident somebody's",
        status_code=HTTPStatus.CREATED,
        responses=RESPONSES,
    )
    def assign(
        incident_id: IncidentId,
        wanted: Assignment,
        response: Response,
        name: Actor,
        *,
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> Handled:
        """Say whose the incident is to handle."""
        command = AssignIncident(incident_id=incident_id, assignee=wanted.assignee, actor=name)
        return answered(command, response, idempotency_key, if_match)

    @router.post(
        "/{incident_id}/comment", summary="Write something down", status_code=HTTPStatus.CREATED, responses=RESPONSES
    )
    def comment(
        incident_id: IncidentId,
        wanted: Comment,
        response: Response,
        name: Actor,
        *,
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> Handled:
        """Add a comment; possible in every state."""
        return answered(
            CommentIncident(incident_id=incident_id, text=wanted.text, actor=name), response, idempotency_key, if_match
        )

    @router.post(
        "/{incident_id}/resolve", summary="Say what it was", status_code=HTTPStatus.CREATED, responses=RESPONSES
    )
    def resolve(
        incident_id: IncidentId,
        wanted: Resolution,
        response: Response,
        name: Actor,
        *,
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> Handled:
        """Judge the incident: a true alarm, a false one, planned, or unknown."""
        command = ResolveIncident(incident_id=incident_id, judgement=wanted.judgement, cause=wanted.cause, actor=name)
        return answered(command, response, idempotency_key, if_match)

    @router.post(
        "/{incident_id}/reopen",
        summary="Say that it is not done with",
        status_code=HTTPStatus.CREATED,
        responses=RESPONSES,
    )
    def reopen(
        incident_id: IncidentId,
        wanted: Reopening,
        response: Response,
        name: Actor,
        *,
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> Handled:
        """Open a resolved incident again."""
        command = ReopenIncident(incident_id=incident_id, because=wanted.because, actor=name)
        return answered(command, response, idempotency_key, if_match)

    @router.post("", summary="Many at once", responses={503: RESPONSES[503]})
    def many(
        wanted: Annotated[list[BulkItem], Field(min_length=1, max_length=MOST_AT_ONCE)],
        name: Actor,
        idempotency_key: IdempotencyKey = None,
    ) -> list[dict[str, Any]]:
        """Carry out each; the answers come in the same order, each with a status of its own."""
        requests = []
        for place, one in enumerate(wanted):
            command, version = _command_of(one, name), version_named(one.if_match)
            stamp = stamp_of(command, item_key(idempotency_key, place), if_match=version)
            requests.append(handler.request(command, stamp, if_match=version))
        return [_item(one, refusal) for one in handler.write_side.perform_each(requests)]

    return router


def _command_of(one: BulkItem, actor: str) -> IncidentCommand:
    match one.action:
        case "acknowledge":
            return AcknowledgeIncident(incident_id=one.incident_id, actor=actor)
        case "assign":
            return AssignIncident(incident_id=one.incident_id, assignee=one.assignee or "", actor=actor)
        case "comment":
            return CommentIncident(incident_id=one.incident_id, text=one.text or "", actor=actor)
        case "resolve":
            return ResolveIncident(
                incident_id=one.incident_id, judgement=one.judgement or "", cause=one.cause, actor=actor
            )
        case "reopen":
            return ReopenIncident(incident_id=one.incident_id, because=one.because or "", actor=actor)


def _item(
    answer: Answer[IncidentEvent] | Exception, refusal: Callable[[Exception], Mapping[str, Any]]
) -> dict[str, Any]:
    if isinstance(answer, Answer):
        status = HTTPStatus.CREATED if answer.is_new else HTTPStatus.OK
        return {"status": status, **_handled(answer).model_dump(mode="json")}
    return dict(refusal(answer))


def _handled(answer: Answer[IncidentEvent]) -> Handled:
    event = answer.record.event
    return Handled(
        incident_id=event.incident_id,
        event=type(event).__name__,
        actor=str(getattr(event, "actor", "scorer")),
        position=str(answer.record.position),
    )
