"""The fake API's routes about incidents."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import FastAPI, HTTPException, Query

from tests.integration.dashboard import answers, incident_answers


def incident_routes(app: FastAPI, log: incident_answers.IncidentLog, *, nothing: Callable[[], bool]) -> None:
    """Add them; `nothing`: whether no incident is there."""

    @app.get("/incidents")
    def incidents(
        *,
        needs_someone: bool = False,
        machine_id: str | None = None,
        starts_at: Annotated[datetime | None, Query(alias="from")] = None,
        ends_at: Annotated[datetime | None, Query(alias="to")] = None,
        as_of: datetime | None = None,
        min_position: str | None = None,
        limit: int = 100,
    ) -> Any:
        if nothing():
            return answers.page([])
        which = {"machine_id": machine_id, "starts_at": starts_at, "ends_at": ends_at}
        return answers.page(incident_answers.listed(log, as_of, needing=needs_someone, **which)[:limit])  # type: ignore[arg-type]

    @app.get("/incidents/{incident_id}")
    def incident(incident_id: UUID, as_of: datetime | None = None, min_position: str | None = None) -> Any:
        found = incident_answers.in_full(log, incident_id, as_of)
        if found is None:
            raise HTTPException(404, f"No incident {incident_id}.")
        return found
