"""Ten thousand bodies of any JSON: none is an error of ours, none stops the service."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.any_json import BODIES, require_an_answer_for_every_item
from tests.unit.commands.record_service import Service


@pytest.fixture(scope="module")
def service() -> Service:
    return Service()


@settings(max_examples=10_000, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(body=BODIES)
def test_ten_thousand_bodies_are_each_answered_item_by_item(service: Service, body: Any) -> None:
    require_an_answer_for_every_item(service.client, body)
