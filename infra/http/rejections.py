"""What the write side's refusals are over HTTP, the same for every command."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI

from commands.answers import CommandIdReused
from domain.incidents import IncidentUnknown, JudgementMissing, TextRefused
from domain.rejections import ChangedSince, CommandRejected
from infra.http.problems import Refusal, install_problems

_STATUS: Final[Mapping[str, HTTPStatus]] = {
    ChangedSince.__name__: HTTPStatus.PRECONDITION_FAILED,
    IncidentUnknown.__name__: HTTPStatus.NOT_FOUND,
    JudgementMissing.__name__: HTTPStatus.UNPROCESSABLE_ENTITY,
    TextRefused.__name__: HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""Statuses of rules; 409 of those not named."""


def rejection(error: Exception) -> Refusal:
    """Return the problem that names the broken rule, and who decided what stands in the way, when."""
    if not isinstance(error, CommandRejected):
        return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
    held = error.standing
    standing = held and {"actor": held.actor, "at": held.at.isoformat(), "position": str(held.position)}
    status = _STATUS.get(error.rule, HTTPStatus.CONFLICT)
    return Refusal(status, str(error), more={"rule": error.rule, "standing": standing})


REJECTIONS: Final[Mapping[type[Exception], Callable[[Exception], Refusal]]] = {
    CommandRejected: rejection,
    CommandIdReused: rejection,
}


def rejected_item(error: Exception) -> Mapping[str, object]:
    """Return a refused one of many commands as its item of the answer."""
    refusal = rejection(error)
    return {"status": refusal.status, "detail": refusal.detail, **refusal.more}


def install_rejections(app: FastAPI) -> None:
    """Let `app` answer refused commands as problems."""
    install_problems(app, REJECTIONS)
