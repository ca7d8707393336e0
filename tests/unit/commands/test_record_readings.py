"""A batch of readings: what is acceptable goes in with its position, the rest is named with index and reason."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import fastavro
import pytest

from commands.record_readings_route import LARGEST_BODY, MOST_ITEMS
from domain.readings import derive_event_id
from infra.http.keys import ApiKey
from infra.settings import Scope
from tests.builders import a_profile
from tests.unit.commands.record_service import Service, an_item

JSON = {"content-type": "application/json"}


def test_acceptable_readings_go_in_and_answer_with_their_positions() -> None:
    service = Service()

    answer = service.post(an_item(), an_item(machine_id="pump-08"))

    assert answer.status_code == 201
    assert [item["position"] for item in answer.json()["appended"]] == ["sensor-events/0/0", "sensor-events/0/1"]
    assert answer.headers["Telltale-Position"] == "sensor-events/0/1"
    first = service.log.readings[0]
    assert (first.profile, first.source) == ("pump@2", "http")
    assert first.recorded_at == datetime(2026, 3, 9, 10, 14, 33, 250_000, tzinfo=UTC)
    content = {"speed": 80.0, "vibration": 2.5}
    assert first.event_id == derive_event_id("pump-07", "drive-end", 1_773_051_273_250_000, content)


@pytest.mark.parametrize(
    ("said", "field", "reason"),
    [
        ({"measurements": {"torque": 1}}, "torque", "is no channel of pump@2; its channels are speed, vibration"),
        ({"measurements": {"speed": float("nan")}}, "speed", "is nan, not a finite number"),
        ({"measurements": {"speed": 1e9}}, "speed", "outside the plausible"),
        ({"measurements": {"speed": "80"}}, "measurements.speed", "valid number"),
        ({"measurements": {}}, "measurements", "are empty"),
        ({"recorded_at": "2026-03-09T10:14:33"}, "recorded_at", "timezone"),
        ({"recorded_at": "0001-01-01T00:00:00+14:00"}, "recorded_at", "1970"),
        ({"profile": "fan@1"}, "profile", "'fan@1' is not defined"),
        ({"profile": "pump@1"}, "vibration", "is no channel of pump@1"),
        ({"machine_id": None, "sensor_id": None}, "sensor_id", "is missing"),
        ({"machine_id": ""}, "machine_id", "0 characters"),
        ({"colour": "red"}, "colour", "not permitted"),
        ({"event_id": "seven"}, "event_id", "UUID"),
    ],
)
def test_a_refused_item_is_named_with_index_and_reason_and_the_others_go_in(
    said: dict[str, Any], field: str, reason: str
) -> None:
    service = Service()

    answer = service.post(an_item(), an_item(**said), an_item())

    assert answer.status_code == 201
    (refused,) = answer.json()["refused"]
    assert (refused["index"], refused["field"]) == (1, field)
    assert reason in refused["reason"]
    assert [item["index"] for item in answer.json()["appended"]] == [0, 2]


def test_a_batch_without_an_acceptable_reading_is_a_problem() -> None:
    service = Service()

    answer = service.post(an_item(profile="fan"), 7)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [item["index"] for item in answer.json()["refused"]] == [0, 1]
    assert "item 0: profile" in answer.json()["detail"]
    assert service.log.readings == []


def test_a_sensor_alone_is_its_own_machine_and_brings_its_own_id() -> None:
    service = Service()
    event_id = "3b97384c-4cbd-5922-bbe8-f14707a299bc"

    service.post(an_item(machine_id=None, event_id=event_id, anomaly_injected=True, anomaly_type="bearing"))

    (reading,) = service.log.readings
    assert (reading.machine_id, reading.sensor_id, str(reading.event_id)) == ("drive-end", "drive-end", event_id)
    assert (reading.anomaly_injected, reading.anomaly_type) == (True, "bearing")


def test_a_log_that_does_not_answer_is_503_and_says_when_to_ask_again() -> None:
    answer = Service(answers=False).post(an_item())

    assert answer.status_code == 503
    assert "no answer in time" in answer.json()["detail"]
    assert answer.headers["Retry-After"] == "1"


def test_a_profile_defined_meanwhile_is_heard_of() -> None:
    service = Service()
    service.post(an_item(profile="pump@2"))
    service.profiles.in_log.append(a_profile("pump", 3, channels=("speed", "vibration", "flow")))

    answer = service.post(an_item(measurements={"flow": 4}))

    assert answer.json()["refused"] == []
    assert service.log.readings[-1].profile == "pump@3"


def test_profiles_that_are_named_in_full_are_not_asked_for_again() -> None:
    service = Service()
    for _ in range(3):
        service.post(an_item(profile="pump@2"))

    assert service.profiles.refreshed == 1


def test_readings_may_come_as_an_avro_file() -> None:
    schema = {
        "type": "record",
        "name": "Reading",
        "fields": [
            {"name": "machine_id", "type": "string"},
            {"name": "profile", "type": "string"},
            {"name": "recorded_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "measurements", "type": {"type": "map", "values": "double"}},
        ],
    }
    body = io.BytesIO()
    moment = datetime(2026, 3, 9, 10, 14, 33, tzinfo=UTC)
    reading = {"machine_id": "m", "profile": "pump", "recorded_at": moment, "measurements": {"speed": 1.0}}
    fastavro.writer(body, schema, [reading, {**reading, "measurements": {"torque": 1.0}}])
    service = Service()

    answer = service.client.post("/readings", content=body.getvalue(), headers={"content-type": "application/avro"})

    assert answer.status_code == 201
    assert service.log.readings[0].recorded_at == moment
    assert [item["field"] for item in answer.json()["refused"]] == ["torque"]


@pytest.mark.parametrize(
    ("content", "headers", "status", "says"),
    [
        (b"{", JSON, 422, "no JSON"),
        (b"[" * 30_000, JSON, 422, "nested more than"),
        (b"[" * 500_000, JSON, 422, "nested more than"),
        (b"[[]," * 500_000, JSON, 422, "nested more than"),
        (b"[" + b"[]," * 500_000 + b"[]]", JSON, 413, "send less"),
        (b"{}", JSON, 422, "at least one reading"),
        (b"[]", JSON, 422, "at least one reading"),
        (b"{}", {}, 415, "application/json"),
        (b"{}", {"content-type": "text/plain"}, 415, "application/json"),
        (b"Obj", {"content-type": "application/avro"}, 422, "no Avro"),
        (b" " * (LARGEST_BODY + 1), JSON, 413, "send less"),
        (json.dumps([1] * (MOST_ITEMS + 1)).encode(), JSON, 413, "send at most"),
    ],
)
def test_a_body_that_is_no_batch_is_a_problem(content: bytes, headers: dict[str, str], status: int, says: str) -> None:
    answer = Service().client.post("/readings", content=content, headers=headers)

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert says in answer.json()["detail"]


def test_readings_need_a_key_that_may_operate_when_keys_are_configured() -> None:
    keys = (ApiKey("ada", Scope.READ, "reads"), ApiKey("bob", Scope.OPERATE, "operates"))
    service = Service(keys=keys)

    assert service.post(an_item()).status_code == 401
    assert service.post(an_item(), key="reads").status_code == 403
    assert service.post(an_item(), key="operates").status_code == 201


def test_a_promotion_that_a_rule_forbids_is_409_with_the_rule() -> None:
    answer = Service().client.post("/models/pump/promote", json={"version": 3, "because": "better"})

    assert answer.status_code == 409
    assert "pump/3 was never trained" in answer.json()["detail"]


def test_a_full_disk_is_told_as_507_even_when_it_has_stopped_the_log() -> None:
    service = Service()
    service.log.full, service.log.answers = True, False
    answer = service.post(an_item())
    assert answer.status_code == 507
    assert answer.headers["content-type"] == "application/problem+json"
    assert "no reading is taken in" in answer.json()["detail"]
    assert service.log.readings == []


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"machine_id": "a\nb"}, "machine_id", "U+000A"),
        ({"sensor_id": "\ud800"}, "sensor_id", "U+D800"),
        ({"source": "a\x00b"}, "source", "U+0000"),
        ({"measurements": {"speed\x7f": 1.0}}, "measurements.speed\\x7f", "U+007F"),
        ({"measurements": {"\ud800": 1.0}}, "measurements.\\ud800", "U+D800"),
        ({"recorded_at": "1970-01-12T13:46:40Z"}, "recorded_at", "before 2000"),
        ({"recorded_at": "2031-01-01T00:00:00Z"}, "recorded_at", "days ahead"),
    ],
)
def test_what_intake_does_not_take_is_refused_by_index_and_the_rest_goes_in(
    change: dict[str, Any], field: str, says: str
) -> None:
    service = Service()
    answer = service.post(an_item(), an_item(**change), an_item(machine_id="pump-08"))
    assert answer.status_code == 201
    assert [item["index"] for item in answer.json()["appended"]] == [0, 2]
    (refused,) = answer.json()["refused"]
    assert (refused["index"], refused["field"]) == (1, field)
    assert says in refused["reason"]


def test_any_time_takes_the_readings_of_a_wrong_clock_and_names_those_ahead() -> None:
    items = [an_item(recorded_at=f"{year}-01-01T00:00:00Z") for year in (1970, 2025, 2031)]
    content = json.dumps({"readings": items})
    answer = Service().client.post("/readings", content=content, params={"any_time": "true"}, headers=JSON)
    assert [item["index"] for item in answer.json()["appended"]] == [0, 1, 2]
    assert answer.json()["ahead"] == [2]


def test_an_unknown_parameter_is_refused_with_the_near_one() -> None:
    answer = Service().client.post("/readings", content="[]", params={"anytime": "true"}, headers=JSON)
    assert answer.status_code == 422
    assert "did you mean any_time?" in answer.json()["detail"]
