"""Published schemas."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from query_api.asking import Ask, AskAsOf
from query_api.bodies.common import Page
from query_api.bodies.operations import Contract, ContractProof, ContractsState
from query_api.cursors import decode_cursor, encode_cursor
from query_api.parameters import Cursor, Limit
from query_api.store import Snapshot

router = APIRouter(tags=["operations"])

CONTRACTS: Final = """
    SELECT DISTINCT ON (subject, version)
        subject,
        version,
        id,
        event,
        topic,
        sha256,
        known_at AS published_at,
        'contracts/0/' || "offset" AS position
    FROM contracts
    WHERE (%(subject)s::text IS NULL OR subject = %(subject)s)
        AND (subject, version) > (%(after_subject)s, %(after_version)s::int)
        AND known_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    ORDER BY subject, version, "offset"
    LIMIT %(limit)s
"""


@router.get("/contracts", response_model=Page[Contract], summary="Published schemas")
async def contracts(
    ask: AskAsOf,
    subject: Annotated[str | None, Query(max_length=400, description="topic-fullname.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Return every published version by subject and version."""
    behind = decode_cursor("contracts", cursor, (str, int)) or ("", 0)

    async def question(snapshot: Snapshot) -> Page[Contract]:
        asked = {
            "subject": subject,
            "after_subject": behind[0],
            "after_version": behind[1],
            "as_of": ask.as_of,
            "limit": limit,
        }
        items = await snapshot.fetch(CONTRACTS, asked, Contract)
        last = items[-1] if len(items) == limit else None
        following = encode_cursor("contracts", (last.subject, last.version)) if last else None
        return Page(items=items, next_cursor=following)

    return await ask.answer(("contracts",), question)


LAST_PROOF: Final = """
    SELECT proved_at, seconds, holds, records, ends, readable, unreadable
    FROM telltale.contract_proofs
    ORDER BY proof DESC
    LIMIT 1
"""


@router.get("/contracts/proof", response_model=ContractsState, summary="When stored records were last proven")
async def proof(ask: Ask) -> Response:
    """Return what the last `telltale contracts prove` found, and whether the registry answers."""
    registry_answers = await ask.backend.registry.answers()

    async def question(snapshot: Snapshot) -> ContractsState:
        found = await snapshot.fetch(LAST_PROOF, {}, ContractProof)
        return ContractsState(registry_answers=registry_answers, last_proof=found[0] if found else None)

    return await ask.answer((), question)
