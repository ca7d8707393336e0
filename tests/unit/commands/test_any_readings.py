"""Whatever JSON is sent to POST /readings, every item has its answer."""

from typing import Any

import pytest
from hypothesis import given, settings

from tests.any_json import BODIES, require_an_answer_for_every_item
from tests.unit.commands.test_record_readings import Service, an_item


@pytest.fixture(scope="module")
def service() -> Service:
    return Service()


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(body=BODIES)
def test_any_json_is_answered_item_by_item(service: Service, body: Any) -> None:
    require_an_answer_for_every_item(service.client, body)


@pytest.mark.parametrize("text", ["\ud800", "a\nb", "\x1b[31m", "a\u2028b", "\x85"])
@pytest.mark.parametrize("field", ["machine_id", "sensor_id", "source", "anomaly_type", "profile"])
def test_a_text_that_cannot_be_shown_is_refused_and_the_others_go_in(service: Service, field: str, text: str) -> None:
    answer = service.post(an_item(), an_item(**{field: text}))
    assert answer.status_code == 201
    assert [(item["index"], item["field"]) for item in answer.json()["refused"]] == [(1, field)]


def test_a_channel_of_half_a_character_is_refused_before_anything_is_appended(service: Service) -> None:
    answer = service.post(an_item(), an_item(measurements={"\ud800": 1}))
    assert answer.status_code == 201
    assert answer.json()["refused"][0]["index"] == 1


@pytest.mark.parametrize("moment", ["1999-12-31T23:59:59Z", "2026-03-10T12:00:01Z", "2031-01-01T00:00:00Z"])
def test_the_time_of_a_wrong_clock_is_refused_unless_any_time_is_meant(moment: str) -> None:
    service = Service()
    refused = service.post(an_item(recorded_at=moment))
    assert refused.status_code == 422
    assert refused.json()["refused"][0]["field"] == "recorded_at"
    assert "any_time=true" in refused.json()["detail"]
    taken = service.client.post("/readings?any_time=true", json=[an_item(recorded_at=moment)])
    assert taken.status_code == 201


def test_the_answer_counts_duplicates_and_clocks_that_are_ahead() -> None:
    service = Service()
    ahead = an_item(recorded_at="2026-03-09T12:06:00Z")
    answer = service.post(an_item(), an_item(), ahead, an_item(profile="fan")).json()
    assert answer["counts"] == {"appended": 3, "duplicate": 1, "clock_ahead": 1, "refused": 1}
    assert [item["clock_ahead_s"] for item in answer["appended"]] == [None, None, 360.0]
    assert [item["duplicate"] for item in service.post(an_item()).json()["appended"]] == [True]
