"""What the system says about itself: read models, topics, figures for Prometheus."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, Response

from domain.topics import TOPICS
from query_api.asking import Ask
from query_api.bodies.common import Page
from query_api.bodies.operations import PartitionWatermark, ReadModelStatus, TopicWatermarks
from query_api.metrics import MEDIA_TYPE
from query_api.outlook import Edges, LogAway
from query_api.routes.status import read_models, statuses
from query_api.store import Checkpoint, Snapshot, columns

router = APIRouter(tags=["operations"])

LETTERS_OF: Final = "dead_letters"
LETTERS: Final = """
    SELECT coalesce(decided.state, 'open') AS name, count(*) AS count
    FROM dead_letters AS letters
    LEFT JOIN LATERAL (
        SELECT decisions.state
        FROM dead_letter_decisions AS decisions
        WHERE decisions.position = letters.position
        ORDER BY decisions.state = 'redriven' DESC, decisions."offset"
        LIMIT 1
    ) AS decided ON true
    GROUP BY coalesce(decided.state, 'open')
"""

FLAGS_OF: Final = "scoring"
# Ranges, not readings: a flag of a million readings in a row is one row. Ends of transactions are no readings.
FLAGS: Final = """
    SELECT name, sum(next_offset - first_offset)::bigint AS count
    FROM ledger_flags
    WHERE name <> 'absent'
    GROUP BY name
"""

SERVING: Final = """
    SELECT read_model
    FROM telltale.serving
    ORDER BY read_model
"""


@router.get("/projections", response_model=Page[ReadModelStatus], summary="Read models and their projectors")
async def projections(ask: Ask) -> Response:
    """Return every read model: its serving build with lag, rate, state and cause, all its builds, its last proof."""

    async def question(snapshot: Snapshot) -> Page[ReadModelStatus]:
        return Page(items=await read_models(snapshot), next_cursor=None)

    return await ask.answer((), question)


@router.get("/topics", response_model=Page[TopicWatermarks], summary="Topics, and how far they are read")
async def topics(ask: Ask) -> Response:
    """Return every topic: from where to where the log holds it, who reads it and how far."""
    try:
        edges = await ask.backend.log.edges()
    except LogAway:
        edges = {}

    async def serving(snapshot: Snapshot) -> list[dict[str, Any]]:
        return await snapshot.fetch(SERVING, {}, columns)

    async def question(snapshot: Snapshot) -> Page[TopicWatermarks]:
        items = [_watermarks(topic, snapshot.checkpoints, edges) for topic in TOPICS]
        return Page(items=items, next_cursor=None)

    served = await ask.backend.store.read((), serving)
    return await ask.answer([row["read_model"] for row in served], question)


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
async def metrics(ask: Ask) -> Response:
    """Return figures of the API, the projectors, the judging and the parts of the stack in Prometheus' text format."""
    backend = ask.backend
    try:
        judging = await backend.judging.judging()
    except LogAway:
        judging = None
    found = await backend.store.read((), statuses)
    served = {status.read_model for status in found if status.serving}
    counted: dict[str, dict[str, int]] = {}
    for read_model, counts in ((LETTERS_OF, LETTERS), (FLAGS_OF, FLAGS)):

        async def question(snapshot: Snapshot, counts: str = counts) -> dict[str, int]:
            return {row["name"]: row["count"] for row in await snapshot.fetch(counts, {}, columns)}

        counted[read_model] = await backend.store.read((read_model,), question) if read_model in served else {}
    parts = await backend.stack.parts()
    backend.metrics.stack.set(judging, parts, letters=counted[LETTERS_OF], flagged=counted[FLAGS_OF])
    return Response(backend.metrics.exposition(found), media_type=MEDIA_TYPE)


def _watermarks(
    topic: str, checkpoints: Sequence[Checkpoint], edges: Mapping[tuple[str, int], Edges]
) -> TopicWatermarks:
    readers = [at for at in checkpoints if at.topic == topic]
    numbers = {at.partition for at in readers} | {number for name, number in edges if name == topic}
    firsts = [edge.first_offset for (name, _), edge in edges.items() if name == topic]
    return TopicWatermarks(
        topic=topic,
        kind=TOPICS[topic].kind,
        read_models=sorted({at.read_model for at in readers}),
        whole=not any(firsts) if firsts else None,
        partitions=[
            _watermark(number, [at for at in readers if at.partition == number], edges.get((topic, number)))
            for number in sorted(numbers)
        ],
    )


def _watermark(partition: int, readers: Sequence[Checkpoint], edge: Edges | None) -> PartitionWatermark:
    return PartitionWatermark(
        partition=partition,
        next_offset=min((at.next_offset for at in readers), default=None),
        highest_next_offset=max((at.next_offset for at in readers), default=None),
        first_offset=edge.first_offset if edge else None,
        end_offset=edge.end_offset if edge else None,
        known_at=max((at.known_at for at in readers if at.known_at is not None), default=None),
    )
