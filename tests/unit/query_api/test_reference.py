from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from query_api.examples import example_of
from query_api.routes import (
    champions,
    comparisons,
    contracts,
    dead_letters,
    explanation,
    flat,
    freshness,
    health,
    machines,
    operations,
    readings,
    swimlane,
    tables,
    verdicts,
)

ROUTES = [
    route
    for module in (
        champions,
        comparisons,
        contracts,
        dead_letters,
        explanation,
        flat,
        freshness,
        health,
        machines,
        operations,
        readings,
        swimlane,
        tables,
        verdicts,
    )
    for route in module.router.routes
    if isinstance(route, APIRoute) and route.response_model is not None
]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_every_example_is_an_answer_that_the_route_could_give(client: TestClient, route: APIRoute) -> None:
    description: dict[str, Any] = client.get("/openapi.json").json()
    answered = description["paths"][route.path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    example = example_of(answered, description["components"]["schemas"])
    for computed in getattr(route.response_model, "model_computed_fields", ()):
        del example[computed]
    TypeAdapter(route.response_model).validate_python(example, strict=False)


def test_the_page_shows_every_route_and_needs_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs").text
    for route in ROUTES:
        assert f"GET {route.path}" in page
    for outside in ("<script", "<link", "http://", "https://"):
        assert outside not in page


def test_errors_are_described_as_problems(client: TestClient) -> None:
    description = client.get("/openapi.json").json()
    responses = description["paths"]["/anomalies"]["get"]["responses"]
    assert {"200", "401", "404", "422", "503"} <= set(responses)


def test_every_body_says_what_it_is(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert not [name for name, schema in schemas.items() if not schema.get("description") and name[:5] != "Page_"]
