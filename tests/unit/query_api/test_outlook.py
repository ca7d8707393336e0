from datetime import UTC, datetime

from query_api.outlook import Edges
from query_api.routes import contracts
from query_api.routes.operations import SERVING
from query_api.store import Checkpoint
from tests.builders import NOON
from tests.fakes.outlook import FakeLogOutlook, FakeRegistryOutlook
from tests.fakes.store import FakeReadModelStore
from tests.unit.query_api.conftest import client_of

PROOF = {
    "proved_at": datetime(2026, 3, 9, 11, 58, tzinfo=UTC),
    "seconds": 1.5,
    "holds": True,
    "records": 3,
    "ends": {"sensor-events/0": 4},
    "readable": [
        {
            "topic": "sensor-events",
            "schema_id": 4,
            "event": "telltale.SensorReadingRecorded",
            "records": 3,
            "first": "sensor-events/0/0",
            "last": "sensor-events/0/2",
        }
    ],
    "unreadable": [],
}


def test_a_topic_shows_its_edges_and_how_far_it_was_read() -> None:
    store = FakeReadModelStore()
    store.checkpoints = [
        Checkpoint(read_model="readings", topic="sensor-events", partition=1, next_offset=7, known_at=NOON)
    ]
    store.rows[SERVING] = [{"read_model": "readings"}]
    log = FakeLogOutlook({("sensor-events", number): Edges(first_offset=0, end_offset=9) for number in range(2)})
    log.places["skips", 0] = Edges(first_offset=3, end_offset=5)
    with client_of(store, log=log) as client:
        topics = {topic["topic"]: topic for topic in client.get("/topics").json()["items"]}
    unread, read = topics["sensor-events"]["partitions"]
    assert (read["next_offset"], read["first_offset"], read["end_offset"]) == (7, 0, 9)
    assert (unread["next_offset"], unread["end_offset"]) == (None, 9)
    assert (topics["sensor-events"]["whole"], topics["skips"]["whole"]) == (True, False)
    assert topics["model-events"]["partitions"] == []


def test_a_log_that_is_away_leaves_what_the_read_models_know() -> None:
    store = FakeReadModelStore()
    store.checkpoints = [
        Checkpoint(read_model="readings", topic="sensor-events", partition=1, next_offset=7, known_at=NOON)
    ]
    store.rows[SERVING] = [{"read_model": "readings"}]
    with client_of(store) as client:
        [topic] = [one for one in client.get("/topics").json()["items"] if one["topic"] == "sensor-events"]
    assert (topic["whole"], topic["partitions"][0]["end_offset"]) == (None, None)
    assert topic["partitions"][0]["next_offset"] == 7


def test_the_last_proof_is_shown_while_the_registry_is_away() -> None:
    store = FakeReadModelStore()
    store.rows[contracts.LAST_PROOF] = [PROOF]
    with client_of(store, registry=FakeRegistryOutlook(answering=False)) as client:
        state = client.get("/contracts/proof").json()
    assert state["registry_answers"] is False
    assert (state["last_proof"]["holds"], state["last_proof"]["ends"]) == (True, {"sensor-events/0": 4})


def test_contracts_never_proven_have_no_proof() -> None:
    with client_of(FakeReadModelStore()) as client:
        assert client.get("/contracts/proof").json() == {"registry_answers": True, "last_proof": None}
