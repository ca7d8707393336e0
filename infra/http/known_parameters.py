"""Query parameters that a route does not have are refused: one that is passed over in silence gives a wrong answer."""

from collections.abc import Iterator
from difflib import get_close_matches

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute


async def only_known_parameters(request: Request) -> None:
    """Refuse the request when it has parameters that its route does not declare, or one of them twice.

    A dependency of every route; what a route knows follows from its declaration alone.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not request.query_params:
        return
    known = frozenset(_declared(route.dependant))
    given = [name for name, _ in request.query_params.multi_items()]
    faults = [_fault(name, known) for name in dict.fromkeys(given) if name not in known]
    faults += [
        {"loc": ("query", name), "msg": "is given more than once"}
        for name in dict.fromkeys(given)
        if name in known and given.count(name) > 1
    ]
    if faults:
        raise RequestValidationError(faults)


def _declared(dependant: Dependant) -> Iterator[str]:
    yield from (parameter.alias for parameter in dependant.query_params)
    for needed in dependant.dependencies:
        yield from _declared(needed)


def _fault(name: str, known: frozenset[str]) -> dict[str, object]:
    shown = name if len(name) <= 50 else f"{name[:50]}…"
    near = get_close_matches(name[:50], sorted(known), n=3)
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif known:
        hint = f"this route has {', '.join(sorted(known))}"
    else:
        hint = "this route has none"
    return {"loc": ("query", shown), "msg": f"is no parameter of this route; {hint}"}
