"""Verdicts as they become readable, as server-sent events.

What is streamed comes from the read model, so a stream is never ahead of a GET. Every event's id is a vector of
positions, one per partition: handed back as Last-Event-ID the stream goes on behind it, with nothing left out and
nothing sent twice.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse

from domain.positions import Position
from domain.topics import ANOMALY_EVENTS
from query_api.asking import Ask, Backend
from query_api.errors import ParameterRefused, RequestRefused
from query_api.models.anomalies import Verdict
from query_api.parameters import MachineId, parse_positions
from query_api.rendering import as_json
from query_api.routes.verdicts import READ_MODELS, VERDICTS, verdict
from query_api.store import Snapshot

router = APIRouter(tags=["verdicts"])

POLL_S: Final = 0.2
"""Pause between two looks: a tenth of what people take to see a change, and 5 cheap statements a second."""

HEARTBEAT_S: Final = 10.0
"""A silent stream says this often that it lives, as proxies cut silent connections after 30 s or more."""

RETRY_S: Final = 1.0
"""Pause before the database is asked again."""

MOST_AT_ONCE: Final = 200

NEWER: Final = (
    VERDICTS  # noqa: S608 - constants
    + """
    WHERE (partition, "offset") IN (
        SELECT newer.partition, newer."offset"
        FROM unnest(%(partitions)s::int[], %(offsets)s::bigint[]) AS seen (partition, "offset")
        CROSS JOIN LATERAL (
            SELECT anomalies.partition, anomalies."offset"
            FROM anomalies
            WHERE anomalies.partition = seen.partition
                AND anomalies."offset" > seen."offset"
            ORDER BY anomalies."offset"
            LIMIT %(limit)s
        ) AS newer
    )
    ORDER BY known_at, partition, "offset"
    LIMIT %(limit)s
"""
)

Seen = dict[int, int]
"""Partition to the last offset looked at there, -1 before the first."""


@router.get("/stream", summary="Verdicts as they come", response_class=StreamingResponse)
async def stream(
    ask: Ask,
    machine_id: MachineId = None,
    last_event_id: Annotated[str | None, Header(max_length=2000)] = None,
) -> Response:
    """Send each new verdict as event `verdict`; header Last-Event-ID goes on behind an earlier one."""
    positions = parse_positions(last_event_id, told_in="Last-Event-ID")
    if strange := [str(at) for at in positions if at.topic != ANOMALY_EVENTS]:
        raise ParameterRefused(f"Last-Event-ID: {', '.join(strange)} is not of this stream")
    seen = await ask.backend.store.read(READ_MODELS, _here)
    if positions:
        seen = dict.fromkeys(seen, -1) | {at.partition: at.offset for at in positions}
    return StreamingResponse(
        verdict_events(ask.backend, seen, machine_id=machine_id),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def verdict_events(backend: Backend, seen: Seen, *, machine_id: str | None) -> AsyncIterator[bytes]:
    """Yield the events behind `seen`, for ever; while the database is away, say so and go on."""
    yield f": {backend.clock().isoformat()}\n\n".encode()
    said_at_s = _now_s()
    while True:
        try:
            news = await backend.store.read(READ_MODELS, _news(seen))
        except RequestRefused as error:
            yield f": {error}\n\n".encode()
            await asyncio.sleep(RETRY_S)
            continue
        for found in news:
            position = Position.parse(found.position)
            seen[position.partition] = position.offset
            if machine_id in {None, found.machine_id}:
                yield f"event: verdict\nid: {event_id(seen)}\ndata: ".encode() + as_json(found) + b"\n\n"
                said_at_s = _now_s()
        if _now_s() - said_at_s >= HEARTBEAT_S:
            yield f": {backend.clock().isoformat()}\n\n".encode()
            said_at_s = _now_s()
        if len(news) < MOST_AT_ONCE:
            await asyncio.sleep(POLL_S)


def event_id(seen: Mapping[int, int]) -> str:
    """Return what stands for `seen` as an event's id: a position per partition that has any."""
    return ",".join(f"{ANOMALY_EVENTS}/{partition}/{at}" for partition, at in sorted(seen.items()) if at >= 0)


async def _here(snapshot: Snapshot) -> Seen:
    return {at.partition: at.next_offset - 1 for at in snapshot.checkpoints}


def _news(seen: Mapping[int, int]) -> Callable[[Snapshot], Awaitable[list[Verdict]]]:
    async def question(snapshot: Snapshot) -> list[Verdict]:
        behind = {"partitions": list(seen), "offsets": list(seen.values()), "limit": MOST_AT_ONCE}
        return await snapshot.fetch(NEWER, behind, verdict)

    return question


def _now_s() -> float:
    return asyncio.get_running_loop().time()
