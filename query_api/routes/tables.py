"""Any table of any read model, so that a new read model can be read without a line of code here."""

from fastapi import APIRouter, Response

from projections.folder import folder_names
from query_api.asking import AskAsOf
from query_api.bodies.operations import ReadModelRows
from query_api.cursors import decode_cursor, encode_cursor
from query_api.errors import NotKnown, ReadModelNotServed
from query_api.parameters import Cursor, Limit
from query_api.store import Snapshot

router = APIRouter(tags=["operations"])


@router.get("/read-models/{name}/{table}", response_model=ReadModelRows, summary="Rows of any read model")
async def read_model_rows(ask: AskAsOf, name: str, table: str, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Return rows as they are stored, in the order of the table's primary key.

    Only a table with a column known_at can be asked as_of an earlier time.
    """
    listing = f"{name}.{table}"
    behind = decode_cursor(listing, cursor)

    async def question(snapshot: Snapshot) -> ReadModelRows:
        after = [str(part) for part in behind] if behind else None
        found = await snapshot.table(table, after=after, limit=limit, as_of=ask.as_of)
        return ReadModelRows(
            read_model=name,
            build=snapshot.builds[name],
            table=table,
            columns=list(found.columns),
            rows=[list(row) for row in found.rows],
            next_cursor=encode_cursor(listing, found.last_key) if len(found.rows) == limit else None,
        )

    try:
        return await ask.answer((name,), question)
    except ReadModelNotServed as error:
        if name in folder_names():
            raise
        raise NotKnown(f"No read model is called {name}. GET /projections lists them.") from error
