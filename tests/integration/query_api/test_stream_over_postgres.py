import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import psycopg
from fastapi.testclient import TestClient

from domain.positions import Position
from infra.host.embedded.postgres import READER, PostgresService
from infra.postgres.read_store import PostgresReadStore
from query_api.errors import StoreNotReachable
from query_api.routes.stream import verdict_events
from query_api.verdict_feed import VerdictFeed
from tests.builders import NOON
from tests.fakes.store import FakeReadModelStore
from tests.integration.query_api.a_plant import FAULT, a_verdict
from tests.integration.query_api.conftest import Plant


def test_a_stream_sends_what_is_new_and_resumes_behind_its_last_id(plant: Plant, postgres: PostgresService) -> None:
    async def story() -> None:
        store = PostgresReadStore(reader_dsn(plant, postgres))
        await store.open()
        feed = VerdictFeed(store)
        start = dict.fromkeys(range(8), -1)
        everything = verdict_events(feed, start, machine_id=None, clock=lambda: NOON)
        first = await events(everything, len(FAULT))
        assert [fields["event"] for fields in first] == ["verdict"] * len(FAULT)
        assert all(before["id"] != after["id"] for before, after in pairwise(first))
        middle = Position.parse(first[4]["id"])
        resumed = verdict_events(
            feed, dict.fromkeys(range(8), -1) | {2: middle.offset}, machine_id="hall-a", clock=lambda: NOON
        )
        assert await events(resumed, len(FAULT) - 5) == first[5:]
        arriving = asyncio.create_task(events(resumed, 1))
        where = Position("sensor-events", 2, 179)
        plant.log.append(a_verdict("hall-b", where, 178), topic="anomaly-events", partition=5, appended_s=200)
        plant.log.append(a_verdict("hall-a", where, 179), topic="anomaly-events", partition=2, appended_s=200)
        await asyncio.to_thread(plant.project, "anomalies")
        [news] = await asyncio.wait_for(arriving, 10)
        assert '"recorded_at":"2026-03-09T12:02:59Z"' in news["data"]
        assert "anomaly-events/5/" not in first[-1]["id"]
        await store.close()

    asyncio.run(story())


def test_a_stream_outlives_the_database_and_says_so() -> None:
    async def story() -> None:
        store = FakeReadModelStore(broken=StoreNotReachable("away"))
        stream = verdict_events(VerdictFeed(store), {}, machine_id=None, clock=lambda: NOON)
        assert await anext(stream) == b": 2026-03-09T12:00:00+00:00\n\n"
        assert await anext(stream) == b": away\n\n"
        await aclose(stream)

    asyncio.run(story())


def test_an_id_of_another_stream_is_refused(client: TestClient) -> None:
    answer = client.get("/stream", headers={"Last-Event-ID": "sensor-events/0/1"})
    assert (answer.status_code, "Last-Event-ID" in answer.json()["detail"]) == (422, True)


async def events(stream: AsyncIterator[bytes], count: int) -> list[dict[str, str]]:
    """Return the next events as fields, without comments."""
    found: list[dict[str, str]] = []
    while len(found) < count:
        block = (await anext(stream)).decode()
        if not block.startswith(":"):
            found.append(dict(line.split(": ", 1) for line in block.splitlines() if line))
    return found


async def aclose(stream: AsyncIterator[bytes]) -> None:
    """End a stream as a client's leaving does."""
    close = getattr(stream, "aclose")  # noqa: B009 - generators have it, the protocol does not
    await close()


def test_an_id_behind_the_end_is_refused(client: TestClient) -> None:
    answer = client.get("/stream", headers={"Last-Event-ID": "anomaly-events/2/999999"})
    assert (answer.status_code, "lies behind the end" in answer.json()["detail"]) == (422, True)


def test_two_hundred_viewers_are_one_question_at_a_time(plant: Plant, postgres: PostgresService) -> None:
    async def story() -> None:
        store = PostgresReadStore(reader_dsn(plant, postgres), size=1)
        await store.open()
        feed = VerdictFeed(store)
        streams = [
            verdict_events(feed, dict.fromkeys(range(8), -1), machine_id=None, clock=lambda: NOON) for _ in range(200)
        ]
        seen = await asyncio.gather(*(events(stream, len(FAULT)) for stream in streams))
        assert all(found == seen[0] for found in seen)
        for stream in streams:
            await aclose(stream)
        await store.close()

    asyncio.run(story())


def reader_dsn(plant: Plant, postgres: PostgresService) -> str:
    """Return the way in of the read-only role."""
    return postgres.dsn(READER, str(psycopg.conninfo.conninfo_to_dict(plant.dsn)["dbname"]))
