"""Query parameters that a route does not have are refused: an answer to another question looks like the right one."""

from collections.abc import Callable
from difflib import get_close_matches
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request

from infra.http.problems import Refusal


class UnknownParameter(Exception):
    """The request asks with a parameter that its route does not have."""


def asked_rightly(actor: Callable[..., str]) -> Callable[..., str]:
    """Return a dependency that gives the actor's name, and refuses parameters that the route does not have."""

    def checked(request: Request, name: Annotated[str, Depends(actor)]) -> str:
        only_known_parameters(request)
        return name

    return checked


def only_known_parameters(request: Request) -> None:
    """Return when the route has every query parameter of the request, as the service's own description says.

    Raises:
        UnknownParameter: it lacks one, and which near one was meant; or one is there twice.
    """
    route = request.scope.get("route")
    path = getattr(route, "path_format", None)
    operation: dict[str, Any] | None = request.app.openapi()["paths"].get(path, {}).get(request.method.lower())
    if operation is None:
        return
    known = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
    for name in request.query_params:
        # Where the present only is known the route itself says why as_of can't be answered.
        if name not in known and name != "as_of":
            near = get_close_matches(name, known, n=1)
            meant = f"; did you mean {near[0]}?" if near else "."
            raise UnknownParameter(
                f"{name}: {path} has no such parameter{meant} It has {', '.join(sorted(known)) or 'none'}."
            )

    asked = [name for name, _ in request.query_params.multi_items()]
    for name in dict.fromkeys(asked):
        if asked.count(name) > 1:
            raise UnknownParameter(f"{name}: is given {asked.count(name)} times; give it once.")


def unknown_parameter(error: Exception) -> Refusal:
    """Return how an UnknownParameter is told over HTTP."""
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
