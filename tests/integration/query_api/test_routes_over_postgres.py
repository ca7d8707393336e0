from dataclasses import replace
from datetime import timedelta

from fastapi.testclient import TestClient

from projections.checkpoints import TopicPartition
from tests.builders import NOON, a_reading
from tests.integration.query_api.a_plant import FAULT, PROFILE, SECONDS, TRAINED_FROM
from tests.integration.query_api.conftest import Plant


def test_newest_readings_come_first_with_the_three_channels(client: TestClient) -> None:
    readings = client.get("/events/latest", params={"limit": 4}).json()
    assert [reading["timestamp"] for reading in readings] == [at(179), at(179), at(178), at(178)]
    assert readings[0]["pressure"] == 101.3


def test_newest_readings_of_one_sensor_leave_unmeasured_channels_null(client: TestClient) -> None:
    [reading] = client.get("/events/latest", params={"sensor_id": "south"}).json()
    assert (reading["temperature"], reading["pressure"]) == (None, 99.0)


def test_anomalies_page_by_link_until_the_last(client: TestClient) -> None:
    first = client.get("/anomalies", params={"limit": 6})
    second = client.get(first.links["next"]["url"])
    seen = [anomaly["timestamp"] for anomaly in [*first.json(), *second.json()]]
    assert seen == [at(second) for second in reversed(FAULT)]
    assert "next" not in second.links


def test_anomalies_filter_on_when_they_became_known(client: TestClient) -> None:
    asked = {"start_time": at(152.6), "end_time": at(154.6), "sensor_id": "north"}
    found = client.get("/anomalies", params=asked).json()
    assert [anomaly["timestamp"] for anomaly in found] == [at(153), at(152)]
    assert found[0]["model_name"] == "environment/1"


def test_verdicts_page_by_cursor_and_filter(client: TestClient) -> None:
    asked: dict[str, str | int] = {
        "machine_id": "hall-a",
        "severity": "critical",
        "from": at(151),
        "to": at(158),
        "limit": 5,
    }
    page = client.get("/verdicts", params=asked).json()
    rest = client.get("/verdicts", params={**asked, "cursor": page["next_cursor"]}).json()
    seen = [verdict["recorded_at"] for verdict in [*page["items"], *rest["items"]]]
    assert seen == [at(second) for second in range(157, 150, -1)]
    assert rest["next_cursor"] is None


def test_as_of_answers_with_what_the_log_knew_by_then(client: TestClient) -> None:
    page = client.get("/verdicts", params={"as_of": at(152.6)})
    assert len(page.json()["items"]) == 3
    assert page.headers["Telltale-As-Of"] == "2026-03-09T12:02:32.600000+00:00"


def test_a_verdict_is_explained_down_to_who_promoted_the_model(client: TestClient) -> None:
    verdict = client.get("/verdicts", params={"limit": 1}).json()["items"][0]
    assert client.get(f"/anomalies/{verdict['event_id']}").json() == verdict
    explanation = client.get(f"/anomalies/{verdict['event_id']}/explanation").json()
    assert explanation["verdict"] == verdict
    assert explanation["reading"]["position"] == "sensor-events/2/159"
    assert explanation["reading"]["schema_id"] is not None
    assert explanation["reading"]["known_at"] == at(159.5)
    assert explanation["model"]["manifest"] == '{"seed":1}'
    assert explanation["model"]["scores_since"] == "sensor-events/2/60"
    assert explanation["promotion"]["actor"] == "ada"
    assert explanation["promotion"]["position"] == "model-events/0/1"


def test_machines_and_sensors_show_the_newest_reading_and_whether_it_is_old(
    own_client: TestClient, plant: Plant
) -> None:
    machines = own_client.get("/machines").json()["items"]
    assert [(machine["machine_id"], machine["state"], machine["sensors"]) for machine in machines] == [
        ("hall-a", "ok", 1),
        ("hall-b", "silent", 2),
    ]
    north, south = own_client.get("/sensors", params={"machine_id": "hall-b"}).json()["items"]
    assert (north["state"], south["state"]) == ("ok", "silent")
    assert north["last_measurements"] == {"temperature": 21.79, "pressure": 101.3, "vibration": 2.1}
    assert north["last_position"] == "sensor-events/5/180"
    plant.now += timedelta(minutes=1)
    assert {machine["state"] for machine in own_client.get("/machines").json()["items"]} == {"silent"}


def test_sensors_page_by_cursor(client: TestClient) -> None:
    first = client.get("/sensors", params={"limit": 2}).json()
    rest = client.get("/sensors", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    names = [(sensor["machine_id"], sensor["sensor_id"]) for sensor in [*first["items"], *rest["items"]]]
    assert names == [("hall-a", "north"), ("hall-b", "north"), ("hall-b", "south")]


def test_a_sensor_name_on_two_machines_needs_the_machine(client: TestClient) -> None:
    assert client.get("/sensors/north").status_code == 409
    sensor = client.get("/sensors/north", params={"machine_id": "hall-b"}).json()
    assert [channel["name"] for channel in sensor["channels"]] == ["temperature", "pressure", "vibration"]
    assert client.get("/sensors/south").json()["machine_id"] == "hall-b"


def test_a_sensor_tells_how_many_of_its_readings_were_not_judged_and_why(client: TestClient) -> None:
    assert client.get("/sensors/north", params={"machine_id": "hall-b"}).json()["flagged"] == {"late": 1}
    assert client.get("/sensors/south").json()["flagged"] == {}
    before = {"machine_id": "hall-b", "as_of": at(TRAINED_FROM)}
    assert client.get("/sensors/north", params=before).json()["flagged"] == {}
    metrics = client.get("/metrics").text
    assert 'telltale_readings_flagged{flag="late"} 2.0' in metrics


def test_few_readings_come_raw_with_their_scores_and_expected_band(client: TestClient) -> None:
    asked = {"machine_id": "hall-a", "from": at(145), "to": at(165)}
    series = client.get("/sensors/north/readings", params=asked).json()
    assert (series["mode"], series["times"]) == ("raw", [at(second) for second in range(145, 165)])
    assert series["scores"] == [3.2 if second in FAULT else 0.5 for second in range(145, 165)]
    vibration = series["channels"][2]
    assert (vibration["expected_low"], vibration["expected_high"]) == (1.9, 2.4)
    assert vibration["maximum"][5] == 6.8


def test_readings_before_the_first_model_have_no_score(client: TestClient) -> None:
    series = client.get("/sensors/north/readings", params={"machine_id": "hall-a", "to": at(62)}).json()
    assert series["scores"] == [None] * 60 + [0.5, 0.5]


def test_many_readings_come_as_buckets_with_smallest_mean_and_largest(client: TestClient) -> None:
    asked: dict[str, str | int] = {"machine_id": "hall-a", "from": at(0), "to": at(SECONDS), "points": 19}
    series = client.get("/sensors/north/readings", params=asked).json()
    assert (series["mode"], series["bucket_s"], series["counts"]) == ("buckets", 10, [10] * 18)
    temperature, _, vibration = series["channels"]
    assert (temperature["minimum"][1], temperature["maximum"][1]) == (20.1, 20.19)
    assert abs(temperature["mean"][1] - 20.145) < 1e-9
    assert (vibration["minimum"][15], series["scores"][15], series["scores"][0]) == (6.8, 3.2, None)


def test_a_gap_is_an_empty_row(own_client: TestClient, plant: Plant) -> None:
    plant.log.append(a_reading(240, machine_id="hall-a"), partition=2, appended_s=240)
    plant.project()
    asked = {"machine_id": "hall-a", "from": at(178)}
    series = own_client.get("/sensors/north/readings", params=asked).json()
    assert series["times"] == [at(178), at(179), at(180), at(240)]
    assert (series["counts"], series["channels"][0]["mean"][2]) == ([1, 1, 0, 1], None)


def test_the_swimlane_shows_where_and_when_and_no_data(client: TestClient) -> None:
    lanes = client.get("/swimlane", params={"by": "sensor", "from": at(0), "to": at(SECONDS), "bucket": 60}).json()
    assert lanes["buckets"] == [at(0), at(60), at(120)]
    worst, *others = lanes["lanes"]
    assert (worst["machine_id"], worst["sensor_id"], worst["worst_score"]) == ("hall-a", "north", 3.2)
    assert (worst["readings"], worst["anomalies"]) == ([60, 60, 60], [0, 0, 10])
    assert (worst["scores"], worst["severities"]) == ([None, None, 3.2], [None, None, "critical"])
    assert [lane["readings"] for lane in others] == [[60, 60, 60], [1, 0, 0]]
    assert lanes["model_changes"] == [
        {"at": at(60), "profile": "environment@1", "model": "environment/1", "previous": None}
    ]


def test_the_swimlane_says_what_was_not_judged_per_machine_and_profile(client: TestClient) -> None:
    lanes = client.get("/swimlane", params={"by": "sensor", "from": at(0), "to": at(SECONDS), "bucket": 60}).json()
    not_judged = {(lane["machine_id"], lane["sensor_id"]): lane["not_judged"] for lane in lanes["lanes"]}
    # Before the model; what is flagged late at second 60 has a score.
    assert not_judged[("hall-a", "north")] == [60, 0, 0]
    assert not_judged[("hall-b", "north")] == [60, 0, 0]
    assert not_judged[("hall-b", "south")] == [1, 0, 0]
    [whole] = client.get(
        "/swimlane", params={"machine_id": "hall-a", "from": at(0), "to": at(SECONDS), "bucket": 240}
    ).json()["lanes"]
    assert (whole["readings"], whole["not_judged"]) == ([180], [60])
    as_of: dict[str, str | int] = {"as_of": at(58), "from": at(0), "to": at(60), "bucket": 60}
    assert [lane["not_judged"] for lane in client.get("/swimlane", params=as_of).json()["lanes"]] == [[58], [59]]


def test_since_when_a_lane_is_abnormal_does_not_depend_on_the_range(client: TestClient) -> None:
    for first in (0, 120, 155):
        asked: dict[str, str | int] = {"from": at(first), "to": at(SECONDS), "bucket": 60}
        assert client.get("/swimlane", params=asked).json()["lanes"][0]["abnormal_since"] == at(150)


def test_the_swimlane_by_machine_adds_its_sensors_and_keeps_the_worst_on_top(client: TestClient) -> None:
    lanes = client.get("/swimlane", params={"top": 1}).json()
    assert (lanes["lanes_in_all"], [lane["machine_id"] for lane in lanes["lanes"]]) == (2, ["hall-a"])
    assert (lanes["data_starts_at"], lanes["data_ends_at"]) == (at(0), at(SECONDS - 1))
    every = client.get("/swimlane", params={"from": at(0), "to": at(60), "bucket": 60}).json()["lanes"]
    assert [lane["readings"] for lane in every] == [[60], [61]]


def test_the_swimlane_as_of_an_earlier_time_knows_no_fault(client: TestClient) -> None:
    asked: dict[str, str | int] = {"as_of": at(125), "from": at(0), "to": at(SECONDS), "bucket": 60}
    answer = client.get("/swimlane", params=asked)
    assert [lane["readings"] for lane in answer.json()["lanes"]] == [[60, 60, 5], [61, 60, 5]]
    assert [lane["worst_score"] for lane in answer.json()["lanes"]] == [None, None]
    assert answer.headers["Telltale-As-Of"] == "2026-03-09T12:02:05+00:00"


def test_readings_of_all_versions_of_a_profile_are_one_series(plant: Plant, own_client: TestClient) -> None:
    newer = replace(PROFILE, version=2)
    plant.log.append(newer, topic="profile-events", key="environment", appended_s=200)
    for second in range(200, 210):
        reading = a_reading(second, machine_id="hall-a", profile="environment@2", measurements={"pressure": 101.0})
        plant.log.append(reading, partition=2, appended_s=second + 0.5)
    plant.profiles = (PROFILE, newer)
    plant.project("readings", "reading_buckets", "sensors")
    asked: dict[str, str | int] = {"machine_id": "hall-a", "from": at(0), "to": at(300), "points": 1000}
    for points, entries in ((1000, 191), (50, None)):
        series = own_client.get("/sensors/north/readings", params={**asked, "points": points}).json()
        assert sum(series["counts"]) == SECONDS + 10
        assert series["profiles"] == ["environment@1", "environment@2"]
        assert series["profile"] == "environment@2"
        assert entries is None or len(series["times"]) == entries
        pressure = next(channel for channel in series["channels"] if channel["name"] == "pressure")
        assert (pressure["mean"][0], pressure["mean"][-1]) == (101.3, 101.0)


def test_late_readings_and_clocks_ahead_do_not_make_now_theirs(plant: Plant, own_client: TestClient) -> None:
    old = replace(PROFILE, name="older")
    plant.profiles = (PROFILE, old)
    plant.log.append(old, topic="profile-events", key="older", appended_s=SECONDS)
    for second in range(-86_400, -86_395):
        reading = a_reading(second, machine_id="hall-a", profile="older@1")
        plant.log.append(reading, partition=2, appended_s=SECONDS)
    plant.log.append(a_reading(5 * 365 * 86_400, machine_id="hall-a"), partition=2, appended_s=SECONDS)
    plant.project()
    [north] = own_client.get("/sensors", params={"machine_id": "hall-a"}).json()["items"]
    assert (north["state"], north["profile"], north["readings"]) == ("ok", "environment@1", SECONDS + 6)
    assert (north["first_recorded_at"], north["last_recorded_at"]) == (at(-86_400), at(SECONDS - 1))
    assert own_client.get("/swimlane").json()["data_ends_at"] == at(SECONDS - 1)
    series = own_client.get("/sensors/north/readings", params={"machine_id": "hall-a"}).json()
    assert sum(series["counts"]) == SECONDS
    for asked in ({}, {"sensor_id": "north"}):
        assert own_client.get("/events/latest", params=asked).json()[0]["timestamp"] <= at(SECONDS)


def test_the_same_reading_twice_is_one_reading_in_every_answer(plant: Plant, own_client: TestClient) -> None:
    def answers() -> list[object]:
        asked: dict[str, str | int] = {"machine_id": "hall-b", "from": at(0), "to": at(SECONDS)}
        return [
            own_client.get("/sensors").json()["items"][1]["readings"],
            own_client.get("/machines").json()["items"][1]["readings"],
            own_client.get("/freshness").json()["readings"],
            [sum(lane["readings"]) for lane in own_client.get("/swimlane", params=asked).json()["lanes"]],
            sum(own_client.get("/sensors/north/readings", params={**asked, "points": 1000}).json()["counts"]),
            len(own_client.get("/events/latest", params={"limit": 1000}).json()),
            len(own_client.get("/read-models/readings/readings", params={"limit": 1000}).json()["rows"]),
        ]

    before = answers()
    for record in list(plant.log.records[TopicPartition("sensor-events", 5)]):
        plant.log.append(record.value, partition=5, key="hall-b", appended_s=SECONDS)
    plant.project("readings", "reading_buckets", "sensors")
    assert answers() == before


def test_models_and_their_timeline(client: TestClient) -> None:
    [model] = client.get("/models").json()["items"]
    assert (model["model"], model["champion"], model["metrics"]["odd"]) == ("environment/1", True, None)
    [before] = client.get("/models", params={"as_of": at(58)}).json()["items"]
    assert (before["champion"], before["promoted_at"]) == (False, None)
    timeline = client.get("/models/environment@1/timeline").json()
    [reign] = timeline["reigns"]
    assert (reign["because"], reign["ends_at"]) == ("first model", None)
    assert [start["position"] for start in reign["scoring"]] == ["sensor-events/2/60", "sensor-events/5/61"]
    assert client.get("/models/pump/timeline").status_code == 404


def test_profiles_contracts_projections_and_topics(client: TestClient) -> None:
    [profile] = client.get("/profiles").json()["items"]
    assert (profile["profile"], len(profile["channels"])) == ("environment@1", 3)
    contracts = client.get("/contracts", params={"limit": 3}).json()
    assert len(contracts["items"]) == 3
    rest = client.get("/contracts", params={"cursor": contracts["next_cursor"]}).json()["items"]
    assert "telltale.SensorReadingRecorded" in {contract["event"] for contract in [*contracts["items"], *rest]}
    projections = client.get("/projections").json()["items"]
    assert {(status["state"], status["serving"]) for status in projections} == {("running", True)}
    topics = {topic["topic"]: topic for topic in client.get("/topics").json()["items"]}
    assert topics["sensor-events"]["partitions"][2]["next_offset"] == SECONDS
    assert topics["sensor-events"]["read_models"] == ["reading_buckets", "readings", "sensors"]


def test_any_table_of_any_read_model_can_be_read_page_by_page(client: TestClient) -> None:
    first = client.get("/read-models/readings/readings", params={"limit": 200}).json()
    rest = client.get("/read-models/readings/readings", params={"limit": 200, "cursor": first["next_cursor"]}).json()
    assert len(first["rows"]) + len(rest["rows"]) == 2 * SECONDS + 1
    assert rest["next_cursor"] is None
    assert client.get("/read-models/readings/pg_authid").status_code == 404
    assert client.get("/read-models/readings/readings_b1.readings").status_code == 404
    assert client.get("/read-models/nothing/readings").status_code == 404


def at(second: float) -> str:
    """Return the moment `second` seconds after NOON as the API writes it."""
    return (NOON + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")
