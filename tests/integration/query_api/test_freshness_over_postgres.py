import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import psycopg
import pytest
from fastapi.testclient import TestClient

from infra.host.embedded.postgres import PostgresService
from infra.postgres.builds import Build, create_build
from infra.postgres.connections import connect_for_writing
from infra.postgres.contract_proofs import keep_contract_proof
from infra.postgres.projection_store import PostgresProjectionStore
from infra.postgres.projector_status import say_status
from projections.checkpoints import TopicPartition
from projections.folder import load_folder
from projections.ports import LogPartition
from projections.status import ProgressWatch, ProjectorState, ProjectorStatus
from query_api import asking
from schemas.proof import Proof, Readable, Unreadable
from tests.builders import NOON, a_reading
from tests.integration.query_api.conftest import Plant, say


def test_answers_say_from_which_builds_and_how_far(client: TestClient) -> None:
    answer = client.get("/models")
    assert answer.headers["Telltale-Build"] == "models=1"
    assert answer.headers["Telltale-Position"] == "model-events/0/1"
    assert answer.headers["Telltale-Lag-Seconds"] == "0.200"
    assert answer.headers["Telltale-As-Of"] == "2026-03-09T12:02:59.800000+00:00"


def test_an_answer_is_complete_once_the_ends_were_seen_15_s_after_the_moment(
    own_client: TestClient, plant: Plant
) -> None:
    moment = NOON + timedelta(minutes=30)
    with connect_for_writing(plant.dsn, name="test") as connection:
        report = _reporter(plant, connection)
        told = []
        for second in (14.9, 15.1, 3.0):  # at last a projector that was started anew and has seen less
            report((moment + timedelta(seconds=second)).timestamp())
            told.append(own_client.get("/models", params={"as_of": moment.isoformat()}).headers["Telltale-Complete"])
    assert told == ["false", "true", "true"]


def test_an_answer_is_complete_once_every_partition_has_passed_the_moment(client: TestClient) -> None:
    told = [
        client.get(route, params={"as_of": (NOON + timedelta(seconds=second)).isoformat()}).headers["Telltale-Complete"]
        for route, second in (("/models", 58.9), ("/models", 59), ("/verdicts", 1))
    ]
    assert told == ["true", "false", "false"]  # six partitions of anomaly-events are empty


def _reporter(plant: Plant, connection: psycopg.Connection) -> Callable[[float], None]:
    """Return what reports as a projector of read model models does that has seen the log's end at a time."""
    build = Build("models", 1)
    with closing(PostgresProjectionStore(plant.dsn, build, load_folder("models"))) as store:
        where = TopicPartition("model-events", 0)
        checkpoints = store.open([LogPartition(where, plant.log.topic_id, 0, plant.log.ends[where])])
    status = ProjectorStatus(
        read_model="models",
        build=build.schema,
        state=ProjectorState.RUNNING,
        checkpoints={where: checkpoints[0]},
    )

    def report(now_s: float) -> None:
        say_status(connection, [(build, ProgressWatch().report(status, plant.log.ends, now_s))])

    return report


def test_the_position_of_an_answer_is_passed_at_once(client: TestClient) -> None:
    position = client.get("/models").headers["Telltale-Position"]
    assert client.get("/models", params={"min_position": position}).status_code == 200


def test_a_position_not_passed_in_time_is_503_with_the_position(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "LONGEST_WAIT_S", 0.05)
    answer = client.get("/models", params={"min_position": "model-events/0/2"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "model-events/0/2" in answer.json()["detail"]


def test_a_position_is_waited_for(own_client: TestClient, plant: Plant) -> None:
    position = plant.log.append(a_reading(181, machine_id="hall-a"), partition=2, appended_s=181)
    projecting = threading.Timer(0.2, plant.project, ["sensors", "readings"])
    projecting.start()
    answer = own_client.get("/events/latest", params={"limit": 1, "min_position": str(position)})
    projecting.join()
    assert answer.json()[0]["timestamp"] == "2026-03-09T12:03:01Z"


def test_a_position_of_a_topic_that_the_route_does_not_read_is_refused(client: TestClient) -> None:
    answer = client.get("/models", params={"min_position": "sensor-events/0/1"})
    assert (answer.status_code, "sensor-events" in answer.json()["detail"]) == (422, True)


def test_an_answer_that_did_not_change_is_304(client: TestClient) -> None:
    tag = client.get("/models").headers["ETag"]
    answer = client.get("/models", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["Telltale-Build"] == "models=1"


def test_freshness_counts_what_is_there(client: TestClient) -> None:
    freshness = client.get("/freshness").json()
    assert (freshness["machines"], freshness["sensors"], freshness["readings"]) == (2, 3, 361)
    assert freshness["last_reading_known_at"] == "2026-03-09T12:02:59.500000Z"
    assert freshness["behind_s"] == 0.2


def test_ready_turns_503_when_a_projector_stops_and_health_does_not(own_client: TestClient, plant: Plant) -> None:
    assert own_client.get("/health/ready").json()["status"] == "ok"
    with connect_for_writing(plant.dsn, name="test") as connection:
        say(connection, "readings", state="stopped")
    ready = own_client.get("/health/ready")
    assert (ready.status_code, ready.json()["stopped"]) == (503, ["readings: stopped"])
    assert own_client.get("/health").json() == {"status": "ok"}


def test_prometheus_finds_lag_and_request_times(client: TestClient) -> None:
    client.get("/sensors/north")
    text = client.get("/metrics").text
    assert 'telltale_projection_lag_offsets{build="1",read_model="readings"} 0.0' in text
    assert 'telltale_http_request_seconds_count{route="/sensors/{sensor_id}",status="409"}' in text


def test_a_swap_of_the_pointer_is_seen_by_the_next_question(own_client: TestClient, plant: Plant) -> None:
    with connect_for_writing(plant.dsn, name="test") as connection:
        build = create_build(connection, load_folder("models"))
        connection.execute("UPDATE telltale.serving SET build = %s WHERE read_model = 'models'", [build.number])
        connection.commit()
    answer = own_client.get("/models")
    assert (answer.headers["Telltale-Build"], answer.json()["items"]) == ("models=2", [])


def test_a_lost_connection_is_not_noticed_by_who_asks(
    own_client: TestClient, plant: Plant, postgres: PostgresService
) -> None:
    assert own_client.get("/models").status_code == 200
    name = psycopg.conninfo.conninfo_to_dict(plant.dsn)["dbname"]
    with psycopg.connect(postgres.dsn("postgres", str(name))) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'telltale-api' AND datname = current_database()"
        ).fetchall()
    assert set(ended) == {(True,)}
    assert own_client.get("/models").status_code == 200


def test_a_read_model_that_is_not_built_yet_is_503_and_says_how(own_client: TestClient, plant: Plant) -> None:
    with connect_for_writing(plant.dsn, name="test") as connection:
        connection.execute("DELETE FROM telltale.serving WHERE read_model = 'contracts'")
        connection.commit()
    answer = own_client.get("/contracts")
    assert (answer.status_code, "telltale projector" in answer.json()["detail"]) == (503, True)


def test_a_value_the_database_cannot_hold_is_422(client: TestClient) -> None:
    assert client.get("/events/latest", params={"sensor_id": "a\0b"}).status_code == 422
    cursor = client.get("/verdicts", params={"limit": 1}).json()["next_cursor"]
    assert client.get("/anomalies", params={"cursor": cursor}).status_code == 422


def test_lists_come_as_csv(client: TestClient) -> None:
    answer = client.get("/verdicts", params={"format": "csv", "limit": 2})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    header, first, *_ = answer.text.splitlines()
    assert "measurements.vibration" in header.split(",")
    assert "hall-a" in first
    assert client.get("/anomalies", headers={"Accept": "text/csv"}).text.startswith("event_id,sensor_id,timestamp")
    assert client.get("/swimlane", params={"format": "csv"}).status_code == 422


def test_a_moment_without_a_zone_is_refused_with_the_way_to_write_it(client: TestClient) -> None:
    naive = (NOON + timedelta(seconds=152.6)).replace(tzinfo=None).isoformat()
    refused = client.get("/verdicts", params={"as_of": naive})
    assert (refused.status_code, f"{naive}Z" in refused.json()["detail"]) == (422, True)
    assert len(client.get("/verdicts", params={"as_of": f"{naive}Z"}).json()["items"]) == 3


def test_the_last_proof_of_the_contracts_is_kept_with_its_positions(own_client: TestClient, plant: Plant) -> None:
    assert own_client.get("/contracts/proof").json()["last_proof"] is None
    schema = Readable("sensor-events", 4, "telltale.SensorReadingRecorded", 3, "sensor-events/0/0", "sensor-events/0/2")
    bad = Unreadable("sensor-events", "not_avro", "no magic byte", 1, 0, "sensor-events/0/3", "sensor-events/0/3", ())
    for unreadable in ((), (bad,)):
        keep_contract_proof(
            plant.dsn, Proof((schema,), unreadable), ends={"sensor-events/0": 4}, proved_at=NOON, seconds=1.5
        )
    kept = own_client.get("/contracts/proof").json()["last_proof"]
    assert (kept["holds"], kept["records"], kept["ends"]) == (False, 4, {"sensor-events/0": 4})
    assert (kept["readable"][0]["last"], kept["unreadable"][0]["error"]) == ("sensor-events/0/2", "not_avro")
