"""The registry guards the contract and no reader needs it: down or empty, it dead-letters nothing."""

import random
import signal
import struct
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from domain.contracts import SchemaPublished
from domain.dead_letters import DeadLettered
from domain.scoring import Flag, ReadingsScored
from domain.topics import ANOMALY_EVENTS, CONTRACTS, DEAD_LETTERS, SENSOR_EVENTS
from infra.kafka.client.clients import producer
from infra.kafka.meaning.contracts import load_contracts
from schemas.catalogue import schema_of
from schemas.codec import encode
from tests.builders import a_profile, a_reading
from tests.guarantees.log_account import account
from tests.guarantees.plant import MACHINES, Plant, ended, some_readings
from tests.stacks import wait_until

UNPUBLISHED = 999


@pytest.fixture
def empty_registry() -> Iterator[str]:
    """Return the address of a registry that answers and knows nothing."""

    class Nothing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path.rstrip("/").endswith("subjects")
            body = b"[]" if known else b'{"error_code": 40403, "message": "not found"}'
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - the library's name

    server = ThreadingHTTPServer(("127.0.0.1", 0), Nothing)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/apis/ccompat/v7"
    server.shutdown()
    thread.join()
    server.server_close()


def dead_letters(plant: Plant) -> list[str]:
    return [event.position for _, event in plant.events(DEAD_LETTERS) if isinstance(event, DeadLettered)]


def scored(plant: Plant) -> int:
    events = [event for _, event in plant.events(ANOMALY_EVENTS) if isinstance(event, ReadingsScored)]
    return sum(event.next_offset - event.from_offset for event in events)


def test_a_registry_that_is_down_or_empty_dead_letters_nothing(scored_plant: Plant, empty_registry: str) -> None:
    plant, rng = scored_plant, random.Random(8)
    before = dead_letters(plant)
    nobody_listens = "http://127.0.0.1:9/apis/ccompat/v7"
    for registry in (nobody_listens, empty_registry):
        plant.flow(200, rng)
        scorer = plant.telltale("scorer", more={"TELLTALE_REGISTRY_URL": registry})
        try:
            plant.must_be_scored_exactly_once()
        finally:
            ended(scorer, by=signal.SIGTERM)
    assert dead_letters(plant) == before
    rejected = [at for at, flags in account(plant.bootstrap).flags.items() if Flag.REJECTED in flags]
    assert len(rejected) == len(before)


def test_what_is_not_published_or_defined_yet_waits_and_the_rest_goes_on(scored_plant: Plant) -> None:
    plant, letters = scored_plant, dead_letters(scored_plant)
    contracts, client = load_contracts(plant.bootstrap), producer(plant.bootstrap)
    heat = {"heat": 1.0}
    early = a_reading(plant.clock, machine_id=MACHINES[0], sensor_id="drive-end", profile="kiln@1", measurements=heat)
    value = encode(early, contracts)
    unknown_id = value[:1] + struct.pack(">I", UNPUBLISHED) + value[5:]
    client.produce(SENSOR_EVENTS, unknown_id, MACHINES[0].encode())
    assert client.flush(30) == 0
    log = "scorer-that-waits"
    scorer = plant.telltale("scorer", log=log, more={"TELLTALE_UNKNOWN_AFTER_S": "3600"})
    try:
        wait_until(lambda: bool(plant.said(log, "partition_waits")), deadline_s=60, what="the partition waits")
        (waits,) = plant.said(log, "partition_waits")
        assert str(UNPUBLISHED) in waits["cause"]
        others = [one for one in some_readings(plant.clock, 20, random.Random(2)) if one.machine_id != MACHINES[0]]
        plant.clock += 20
        before = scored(plant)
        plant.send(others)
        # Other machines of the waiting partition wait with it; those of the others don't.
        wait_until(
            lambda: scored(plant) > before + len(others) // 2,
            deadline_s=60,
            what="the other partitions go on",
        )
        known = schema_of("SensorReadingRecorded")
        plant.append(
            CONTRACTS,
            "",
            SchemaPublished(
                id=UNPUBLISHED, subject="of-a-later-version", version=1, text=known.text, sha256=known.sha256
            ),
        )
        wait_until(
            lambda: any("kiln@1" in line["cause"] for line in plant.said(log, "partition_waits")),
            deadline_s=60,
            what="the record now waits for its profile",
        )
        plant.append("profile-events", "kiln", a_profile("kiln", channels=("heat",)))
        plant.must_be_scored_exactly_once()
        assert plant.said(log, "partition_resumes")
    finally:
        ended(scorer, by=signal.SIGTERM)
    assert dead_letters(plant) == letters
