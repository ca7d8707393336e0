"""Verdicts as they become readable, as server-sent events.

What is streamed comes from the read model, so a stream is never ahead of a GET. Every event's id is a vector of
positions, one per partition: handed back as Last-Event-ID the stream goes on behind it, with nothing left out and
nothing sent twice.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse

from domain.topics import ANOMALY_EVENTS
from query_api.asking import Ask
from query_api.errors import ParameterRefused
from query_api.parameters import MachineId, parse_positions
from query_api.verdict_feed import Seen, Trouble, VerdictFeed, event_id

router = APIRouter(tags=["verdicts"])

HEARTBEAT_S: Final = 10.0
"""A silent stream says this often that it lives, as proxies cut silent connections after 30 s or more."""


@router.get("/stream", summary="Verdicts as they come", response_class=StreamingResponse)
async def stream(
    request: Request,
    ask: Ask,
    machine_id: MachineId = None,
    last_event_id: Annotated[str | None, Header(max_length=2000)] = None,
) -> Response:
    """Send each new verdict as event `verdict`; header Last-Event-ID goes on behind an earlier one."""
    feed: VerdictFeed = request.app.state.feed
    positions = parse_positions(last_event_id, told_in="Last-Event-ID")
    if strange := [str(at) for at in positions if at.topic != ANOMALY_EVENTS]:
        raise ParameterRefused(f"Last-Event-ID: {', '.join(strange)} is not of this stream")
    seen = await feed.here()
    if beyond := [str(at) for at in positions if at.offset > seen.get(at.partition, -1)]:
        raise ParameterRefused(
            f"Last-Event-ID: {', '.join(beyond)} lies behind the end of what can be read; leave it out to start now"
        )
    if positions:
        seen = dict.fromkeys(seen, -1) | {at.partition: at.offset for at in positions}
    return StreamingResponse(
        verdict_events(feed, seen, machine_id=machine_id, clock=ask.backend.clock),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def verdict_events(
    feed: VerdictFeed, seen: Seen, *, machine_id: str | None, clock: Callable[[], datetime]
) -> AsyncIterator[bytes]:
    """Yield the events behind `seen`, for ever; while the database is away, say so and go on."""
    seen = dict(seen)
    yield f": {clock().isoformat()}\n\n".encode()
    said_at_s = _now_s()
    async for news in feed.watch(seen):
        match news:
            case Trouble(words=words):
                yield f": {words}\n\n".encode()
                said_at_s = _now_s()
            case None:
                pass
            case _:
                seen[news.position.partition] = news.position.offset
                if machine_id in {None, news.machine_id}:
                    yield f"event: verdict\nid: {event_id(seen)}\ndata: ".encode() + news.body + b"\n\n"
                    said_at_s = _now_s()
        if _now_s() - said_at_s >= HEARTBEAT_S:
            yield f": {clock().isoformat()}\n\n".encode()
            said_at_s = _now_s()


def _now_s() -> float:
    return asyncio.get_running_loop().time()
