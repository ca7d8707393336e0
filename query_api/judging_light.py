"""Whether every arriving reading is being judged, as every route that shows a light about it says it."""

from collections.abc import Sequence
from typing import Final

from domain.judging import Judging
from query_api.asking import Backend
from query_api.bodies.operations import JudgingAnswer
from query_api.outlook import LogAway, StackPart

UNKNOWN: Final = "unknown"
READY: Final = "ready"
JUDGE: Final = "scorer"


async def judging_of(backend: Backend) -> JudgingAnswer:
    """Return the answer; what can't be asked is never taken for good."""
    try:
        found = await backend.judging.judging()
    except LogAway as away:
        return JudgingAnswer(state=UNKNOWN, unjudged=None, oldest_unjudged_s=None, cause=str(away))
    cause = None if found.holds else _cause(found, await backend.stack.parts())
    return JudgingAnswer(state=found.state, unjudged=found.unjudged, oldest_unjudged_s=found.oldest_s, cause=cause)


def _cause(found: Judging, parts: Sequence[StackPart]) -> str:
    """Return what the log shows, and what the supervisor knows of the scorers that are not well."""
    scorers = [part for part in parts if part.name.startswith(JUDGE) and part.state != READY]
    told = [
        f"{part.name} is {part.state}: {part.cause}" if part.cause else f"{part.name} is {part.state}"
        for part in scorers
    ]
    return "; ".join([found.cause or found.state, *told])
