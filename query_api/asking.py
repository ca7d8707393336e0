"""One request's way to an answer: wait for a position if asked, read in one snapshot, say how fresh the answer is."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel
from starlette.datastructures import URL

from domain.positions import Position
from query_api.as_of import is_complete, require_kept
from query_api.bodies.common import Page
from query_api.bodies.operations import ReadModelRows
from query_api.drifting import DriftMeter
from query_api.errors import NotThereYet, ParameterRefused
from query_api.metrics import Metrics
from query_api.outlook import JudgingOutlook, LogOutlook, RegistryOutlook, StackOutlook
from query_api.parameters import Moment, parse_positions
from query_api.rendering import CSV, JSON, as_csv, as_json, entity_tag, is_known, prefers_csv
from query_api.store import Checkpoint, ReadModelStore, Snapshot
from query_api.verification import VerdictVerifier

LONGEST_WAIT_S: Final = 2.0
"""How long min_position waits: a projector that runs is there in far less."""

WAIT_STEP_S: Final = 0.01
"""Pause between two looks at the checkpoints; a look costs the database about 0.3 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BareList:
    """A page whose body is the list alone; the cursor goes into the header Link."""

    items: Sequence[BaseModel]
    next_cursor: str | None = None


Body = BaseModel | BareList
Question = Callable[[Snapshot], Awaitable[Body]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """What routes need; the composition root puts it at `app.state.backend`."""

    store: ReadModelStore
    clock: Callable[[], datetime]
    metrics: Metrics
    log: LogOutlook
    registry: RegistryOutlook
    judging: JudgingOutlook
    stack: StackOutlook
    verifier: VerdictVerifier | None = None
    drift: DriftMeter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """The parameters and headers every route understands, and the way they are honoured."""

    backend: Backend
    min_position: tuple[Position, ...]
    as_of: datetime | None
    wants_csv: bool
    must_be_csv: bool
    url: URL
    known_tag: str | None

    def now(self) -> datetime:
        """Return the present moment."""
        return self.backend.clock()

    def then(self) -> datetime:
        """Return the moment that ages are counted from: the one asked for, but never one that is yet to come."""
        return min(self.as_of, self.now()) if self.as_of else self.now()

    async def answer(self, read_models: Sequence[str], question: Question) -> Response:
        """Return the response to `question`.

        Raises:
            Forgotten: one of the read models does not keep what was known at `as_of`.
        """
        if self.min_position:
            await self._wait(read_models)
        body, served = await self.backend.store.read(read_models, _with_freshness(question, self.as_of))
        response = self._render(body)
        if self.known_tag is not None and is_known(response.headers["ETag"], self.known_tag):
            response = Response(status_code=304, headers={"ETag": response.headers["ETag"]})
        response.headers.update(served.headers(self.as_of, self.backend.clock()))
        return response

    def _render(self, body: Body) -> Response:
        listed = _items_of(body)
        if self.wants_csv and listed is not None:
            content, media_type = as_csv(listed), CSV
        elif self.must_be_csv:
            raise ParameterRefused("format=csv: only lists can be exported")
        else:
            content, media_type = as_json(body.items if isinstance(body, BareList) else body), JSON
        headers = {"ETag": entity_tag(content), "Cache-Control": "no-cache", "Vary": "Accept, X-API-Key"}
        following = getattr(body, "next_cursor", None)
        if following is not None:
            address = self.url.include_query_params(cursor=following).remove_query_params("offset")
            headers["Link"] = f'<{address}>; rel="next"'
        return Response(content, media_type=media_type, headers=headers)

    async def _wait(self, read_models: Sequence[str]) -> None:
        """Return once every read model that reads these topics has passed the positions.

        Raises:
            NotThereYet: not within LONGEST_WAIT_S.
            ParameterRefused: none of them reads a topic that was named.
        """
        deadline = asyncio.get_running_loop().time() + LONGEST_WAIT_S
        while behind := _behind(await self.backend.store.read(read_models, _checkpoints), self.min_position):
            if asyncio.get_running_loop().time() >= deadline:
                raise NotThereYet(f"not passed yet after {LONGEST_WAIT_S:g} s: {', '.join(behind)}; ask again")
            await asyncio.sleep(WAIT_STEP_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Where an answer comes from."""

    builds: dict[str, int]
    checkpoints: tuple[Checkpoint, ...]
    lag_seconds: float | None
    complete_to: datetime | None

    def headers(self, as_of: datetime | None, now: datetime) -> dict[str, str]:
        """Return the headers that say how fresh the answer is."""
        headers: dict[str, str] = {}
        if self.builds:
            headers["Telltale-Build"] = ",".join(f"{name}={build}" for name, build in sorted(self.builds.items()))
        if passed := last_passed(self.checkpoints):
            headers["Telltale-Position"] = ",".join(passed)
        if as_of is not None:
            complete = is_complete(as_of, checkpoints=self.checkpoints, complete_to=self.complete_to)
            headers["Telltale-Complete"] = str(complete).lower()
        if holds_to := as_of or complete_to_of(self.checkpoints, self.lag_seconds, now):
            headers["Telltale-As-Of"] = holds_to.isoformat()
        if self.lag_seconds is not None:
            headers["Telltale-Lag-Seconds"] = f"{self.lag_seconds:.3f}"
        return headers


def _items_of(body: Body) -> Sequence[object] | None:
    match body:
        case Page(items=items) | BareList(items=items):
            return items
        case ReadModelRows(columns=columns, rows=rows):
            return [dict(zip(columns, row, strict=True)) for row in rows]
        case _:
            return None


def last_passed(checkpoints: Sequence[Checkpoint]) -> list[str]:
    """Return the last position that all of these builds have passed, per partition; none where nothing was read."""
    passed: dict[tuple[str, int], int] = {}
    for point in checkpoints:
        where = (point.topic, point.partition)
        passed[where] = min(point.next_offset, passed.get(where, point.next_offset))
    return [f"{topic}/{partition}/{upto - 1}" for (topic, partition), upto in sorted(passed.items()) if upto > 0]


def complete_to_of(checkpoints: Sequence[Checkpoint], lag_seconds: float | None, now: datetime) -> datetime | None:
    """Return the moment up to which the answer holds everything; None while that is not reported."""
    if lag_seconds is None or not checkpoints:
        return None
    return datetime.fromtimestamp(now.timestamp() - lag_seconds, tz=now.tzinfo)


def _behind(checkpoints: Sequence[Checkpoint], positions: Sequence[Position]) -> list[str]:
    behind = []
    for position in positions:
        readers = {point.read_model for point in checkpoints if point.topic == position.topic}
        passed = {
            point.read_model
            for point in checkpoints
            if (point.topic, point.partition) == (position.topic, position.partition)
            and point.next_offset > position.offset
        }
        if checkpoints and not readers:
            raise ParameterRefused(f"min_position: no read model of this route reads topic {position.topic}")
        if not readers or readers - passed:
            behind.append(str(position))
    return behind


async def _checkpoints(snapshot: Snapshot) -> tuple[Checkpoint, ...]:
    return tuple(snapshot.checkpoints)


def _with_freshness(question: Question, as_of: datetime | None) -> Callable[[Snapshot], Awaitable[tuple[Body, Served]]]:
    async def ask(snapshot: Snapshot) -> tuple[Body, Served]:
        if as_of is not None:
            require_kept(as_of, checkpoints=snapshot.checkpoints, keep_days=await snapshot.keep_days())
        body = await question(snapshot)
        return body, Served(
            builds=dict(snapshot.builds),
            checkpoints=tuple(snapshot.checkpoints),
            lag_seconds=snapshot.lag_seconds,
            complete_to=snapshot.complete_to,
        )

    return ask


def ask_as_of(
    request: Request,
    as_of: Annotated[Moment | None, Query(description="Only what the log knew by then.")] = None,
    min_position: Annotated[
        str | None, Query(max_length=4000, description="Wait up to 2 s until this position was passed.")
    ] = None,
    format: Annotated[Literal["json", "csv"] | None, Query()] = None,  # noqa: A002 - the parameter's name in the URL
) -> Asking:
    """Return the asking of a route that can answer as of an earlier time."""
    backend: Backend = request.app.state.backend
    accepts_csv = prefers_csv(request.headers.get("accept", ""))
    return Asking(
        backend=backend,
        min_position=parse_positions(min_position, told_in="min_position"),
        as_of=as_of,
        wants_csv=format == "csv" or (format is None and accepts_csv),
        must_be_csv=format == "csv",
        url=request.url,
        known_tag=request.headers.get("if-none-match"),
    )


def ask_now(
    request: Request,
    min_position: Annotated[
        str | None, Query(max_length=4000, description="Wait up to 2 s until this position was passed.")
    ] = None,
    format: Annotated[Literal["json", "csv"] | None, Query()] = None,  # noqa: A002 - the parameter's name in the URL
) -> Asking:
    """Return the asking of a route that only knows the present.

    Raises:
        ParameterRefused: as_of was asked for.
    """
    if "as_of" in request.query_params:
        raise ParameterRefused(
            f"as_of: {request.url.path} tells how the system stands now, which no record keeps; leave it out"
        )
    return ask_as_of(request, None, min_position, format)


Ask = Annotated[Asking, Depends(ask_now)]
AskAsOf = Annotated[Asking, Depends(ask_as_of)]
