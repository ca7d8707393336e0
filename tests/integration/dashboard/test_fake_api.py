"""The fake asks and answers as the real API does."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from query_api.app import create_app
from query_api.outlook import Outlooks
from tests.fakes.outlook import FakeJudgingOutlook, FakeLogOutlook, FakeRegistryOutlook, FakeStackOutlook
from tests.fakes.store import FakeReadModelStore
from tests.integration.dashboard.fake_api import Plant, fake_app


@pytest.fixture
def real() -> dict[str, Any]:
    """Return the real API's description; no store is needed for that."""
    return _routes(_real_app())


def _real_app() -> FastAPI:
    return create_app(
        store=FakeReadModelStore(),
        outlooks=Outlooks(
            log=FakeLogOutlook(),
            registry=FakeRegistryOutlook(),
            judging=FakeJudgingOutlook(),
            stack=FakeStackOutlook(),
        ),
        clock=lambda: datetime.now(UTC),
        may_read=lambda: "tests",
        version="0",
    )


def _routes(app: FastAPI) -> dict[str, Any]:
    paths = app.openapi()["paths"]
    return {path: {one["name"] for one in found["get"].get("parameters", ())} for path, found in paths.items()}


def test_every_route_and_parameter_of_the_fake_is_one_of_the_real_api(real: dict[str, Any]) -> None:
    fake = {path.replace("{event_id}", "{}"): names for path, names in _routes(fake_app(Plant())).items()}
    known = {path.replace("{event_id}", "{}"): names for path, names in real.items()}
    strange = {path: names - known.get(path, set()) for path, names in fake.items()}
    assert set(fake) <= set(known)
    assert {path: names for path, names in strange.items() if names} == {}


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/freshness", "Freshness"),
        ("/machines", "MachineSummary"),
        ("/topics", "TopicWatermarks"),
        ("/dead-letters", "DeadLetter"),
        ("/contracts/proof", "ContractsState"),
        ("/projections", "ReadModelStatus"),
    ],
)
def test_fake_answers_with_the_fields_of_the_real_models(path: str, model: str) -> None:
    fields = set(_real_app().openapi()["components"]["schemas"][model]["properties"])
    body = TestClient(fake_app(Plant())).get(path).json()
    assert set(body["items"][0] if "items" in body else body) == fields
