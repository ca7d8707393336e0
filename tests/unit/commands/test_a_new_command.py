"""What a new command costs: a domain file, a handler, a route, a line of wiring; the write side does the rest."""

import inspect
from collections.abc import Iterator
from types import ModuleType

import pytest
from fastapi.testclient import TestClient

from commands.aggregates import Aggregates
from commands.write_side import WriteSide
from tests.fakes.event_log import FakeEventLog, SharedLog
from tests.unit.commands import toy_domain, toy_handler, toy_route
from tests.unit.commands.toy_domain import BellRung, RingBell, decide, evolve
from tests.unit.commands.toy_handler import RingBellHandler
from tests.unit.commands.toy_route import toy_service

CODE_LINES = {toy_domain: 30, toy_handler: 20, toy_route: 35}
"""At most so many lines of code each, without docstrings, comments, imports and blank lines."""


def a_service(shared: SharedLog) -> TestClient:
    bells: Aggregates[BellRung | None, BellRung] = Aggregates(
        first=None, key_of=lambda event: event.tower, evolve=lambda bell, record: evolve(bell, record.event)
    )
    return TestClient(toy_service(RingBellHandler(WriteSide(FakeEventLog(shared), [bells]), bells)))


@pytest.fixture
def shared() -> SharedLog:
    return SharedLog()


@pytest.fixture
def client(shared: SharedLog) -> Iterator[TestClient]:
    with a_service(shared) as opened:
        yield opened


def test_it_is_carried_out_once_however_often_it_is_sent(client: TestClient, shared: SharedLog) -> None:
    answers = [client.post("/bells/north", json={"strokes": 3}, headers={"Idempotency-Key": "k"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json() == {"strokes": 3, "position": "model-events/0/0"}
    assert len(shared.records) == 1


def test_its_refusal_names_the_rule_and_who_was_first_and_is_kept(client: TestClient, shared: SharedLog) -> None:
    client.post("/bells/north", json={"strokes": 5})
    refused = client.post("/bells/north", json={"strokes": 3}, headers={"Idempotency-Key": "k"})
    shared.put(BellRung(tower="north", strokes=1, actor="eva"))

    with a_service(shared) as restarted:
        again = restarted.post("/bells/north", json={"strokes": 3}, headers={"Idempotency-Key": "k"})

    assert refused.status_code == again.status_code == 409
    assert refused.json() == again.json()
    assert (refused.json()["rule"], refused.json()["standing"]["actor"]) == ("RungLonger", "toy")


def test_it_is_refused_when_somebody_else_was_first(client: TestClient) -> None:
    seen = client.post("/bells/north", json={"strokes": 1}).headers["ETag"]
    client.post("/bells/north", json={"strokes": 2}, headers={"If-Match": seen})

    assert client.post("/bells/north", json={"strokes": 3}, headers={"If-Match": seen}).status_code == 412


def test_many_at_once_are_answered_one_by_one(client: TestClient, shared: SharedLog) -> None:
    wanted = [{"tower": "north", "strokes": 4}, {"tower": "north", "strokes": 2}, {"tower": "south", "strokes": 1}]

    answers = [client.post("/bells", json=wanted, headers={"Idempotency-Key": "k"}).json() for _ in range(2)]

    assert [item["status"] for item in answers[0]] == [201, 409, 201]
    assert [item["status"] for item in answers[1]] == [200, 409, 200]
    assert len(shared.records) == 2


def test_the_rules_need_no_log() -> None:
    rung = decide(None, RingBell(tower="north", strokes=2, actor="ada"))

    assert evolve(None, *rung) == BellRung(tower="north", strokes=2, actor="ada")


@pytest.mark.parametrize("module", CODE_LINES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_it_is_written_in_few_lines(module: ModuleType) -> None:
    inside, lines = False, 0
    for line in inspect.getsource(module).splitlines():
        text = line.strip()
        quotes = text.count('"""')
        code = not inside and not quotes and text and not text.startswith(("#", "from ", "import "))
        inside = inside != (quotes == 1)
        lines += bool(code)

    assert 0 < lines <= CODE_LINES[module]
