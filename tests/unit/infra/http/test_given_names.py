"""A name that is given stands beside what was done, with the key it came with."""

from typing import Annotated
from urllib.parse import quote

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

from infra.http.given_names import NameRefused, in_the_name_given, name_refused
from infra.http.keys import WITHOUT_KEYS
from infra.http.problems import install_problems


def answers(key: str) -> TestClient:
    app = FastAPI()

    def actor() -> str:
        return key

    @app.get("/")
    def who(name: Annotated[str, Depends(in_the_name_given(actor))]) -> str:
        return name

    install_problems(app, {NameRefused: name_refused})
    return TestClient(app)


@pytest.mark.parametrize(
    ("key", "told"),
    [(WITHOUT_KEYS, "Łucja (unverified)"), ("dashboard", "Łucja (unverified, key dashboard)")],
)
def test_a_given_name_is_never_shown_as_proven(key: str, told: str) -> None:
    assert answers(key).get("/", headers={"Telltale-As": quote("Łucja")}).json() == told


def test_without_a_name_the_key_is_who_acts() -> None:
    assert answers("dashboard").get("/").json() == "dashboard"


@pytest.mark.parametrize("name", ["", "%20", quote("a\nb"), "a" * 81])
def test_a_name_that_can_not_be_shown_is_refused(name: str) -> None:
    answer = answers("dashboard").get("/", headers={"Telltale-As": name})
    assert answer.status_code == 422
    assert "1 to 80 characters" in answer.json()["detail"]
