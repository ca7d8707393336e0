"""Records that could not be accepted, and what people decided on them."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Response

from domain.readings import microseconds
from query_api.asking import AskAsOf
from query_api.bodies.common import Page
from query_api.bodies.dead_letters import DeadLetter
from query_api.cursors import decode_cursor, encode_cursor, moment_in
from query_api.parameters import Cursor, Limit
from query_api.store import Snapshot, columns

router = APIRouter(tags=["operations"])

# What was redriven stays redriven; of several discardings the first counts. Newest letters first, by keyset.
DEAD_LETTERS: Final = """
    SELECT
        letters.position,
        letters.error,
        letters.message,
        letters.stage,
        letters.known_at AS dead_lettered_at,
        coalesce(decided.state, 'open') AS state,
        decided.redriven_as,
        decided.because,
        decided.actor,
        decided.known_at AS decided_at,
        CASE
            WHEN decided.state IS NULL THEN 'telltale dead-letters redrive ' || letters.position
        END AS command,
        letters.partition AS log_partition,
        letters."offset" AS log_offset
    FROM dead_letters AS letters
    LEFT JOIN LATERAL (
        SELECT *
        FROM dead_letter_decisions AS decisions
        WHERE decisions.position = letters.position
            AND decisions.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        ORDER BY decisions.state = 'redriven' DESC, decisions."offset"
        LIMIT 1
    ) AS decided ON true
    WHERE letters.known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        AND (%(state)s::text IS NULL OR coalesce(decided.state, 'open') = %(state)s)
        AND (letters.known_at, letters.partition, letters."offset")
            < (coalesce(%(before_at)s::timestamptz, 'infinity'), %(before_partition)s::int, %(before_offset)s::bigint)
    ORDER BY letters.known_at DESC, letters.partition DESC, letters."offset" DESC
    LIMIT %(limit)s
"""


@router.get("/dead-letters", response_model=Page[DeadLetter], summary="Records that could not be accepted")
async def dead_letters(
    ask: AskAsOf,
    state: Annotated[Literal["open", "redriven", "discarded"] | None, Query(description="Only those.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Return dead letters with what became of them, newest first."""
    behind = decode_cursor("dead-letters", cursor, (int, int, int))

    async def question(snapshot: Snapshot) -> Page[DeadLetter]:
        asked = {
            "as_of": ask.as_of,
            "state": state,
            "before_at": moment_in(behind[0]) if behind else None,
            "before_partition": behind[1] if behind else 0,
            "before_offset": behind[2] if behind else 0,
            "limit": limit,
        }
        found: list[dict[str, Any]] = await snapshot.fetch(DEAD_LETTERS, asked, columns)
        places = [(row.pop("log_partition"), row.pop("log_offset")) for row in found]
        items = [DeadLetter(**row) for row in found]
        last = (microseconds(items[-1].dead_lettered_at), *places[-1]) if len(items) == limit else None
        return Page(items=items, next_cursor=encode_cursor("dead-letters", last) if last else None)

    return await ask.answer(("dead_letters",), question)
