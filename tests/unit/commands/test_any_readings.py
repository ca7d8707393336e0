"""Whatever JSON is sent to POST /readings, every item has its answer."""

from typing import Any

import pytest
from hypothesis import given, settings

from tests.any_json import BODIES, require_an_answer_for_every_item
from tests.unit.commands.record_service import Service


@pytest.fixture(scope="module")
def service() -> Service:
    return Service()


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(body=BODIES)
def test_any_json_is_answered_item_by_item(service: Service, body: Any) -> None:
    require_an_answer_for_every_item(service.client, body)
