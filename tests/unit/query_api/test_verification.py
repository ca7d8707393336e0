"""verify=true hands the read model's verdict to the verifier, and answers with every check."""

from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient

from query_api.asking import Backend
from query_api.bodies.anomalies import Verdict, VerdictCheck, Verification
from query_api.errors import VerifierAway
from query_api.routes.verdicts import VERDICT
from tests.builders import NOON
from tests.fakes.store import FakeReadModelStore
from tests.unit.query_api.conftest import client_of

ID = UUID(int=7)
ROW: dict[str, Any] = {
    "event_id": ID,
    "position": "anomaly-events/3/57",
    "reading_event_id": UUID(int=8),
    "reading_position": "sensor-events/3/28",
    "machine_id": "pump-07",
    "sensor_id": "main",
    "recorded_at": NOON,
    "known_at": NOON,
    "kind": "shift",
    "kinds": ["shift"],
    "score": 3.25,
    "raw_score": 9.75,
    "severity": "critical",
    "measurements": {"flow": 1.0},
    "expected": {"flow": None},
    "contribution": {"flow": 1.0},
    "model": {"model": "pump/1", "profile": "pump@1", "artifact_sha256": "ab"},
    "partition": 3,
    "log_offset": 57,
}


class FakeVerifier:
    """Says of every verdict that its score is another one."""

    def __init__(self, *, away: bool = False) -> None:
        self._away = away
        self.asked: list[Verdict] = []

    async def verify(self, verdict: Verdict) -> Verification:
        if self._away:
            raise VerifierAway("verify: the log can't be read")
        self.asked.append(verdict)
        check = VerdictCheck(what="score", equal=False, recorded=repr(verdict.score), found="2.5")
        return Verification(equal=False, same_runtime=True, checks=[check], because=None)


def client_with(verifier: FakeVerifier | None) -> TestClient:
    store = FakeReadModelStore()
    store.rows[VERDICT] = [ROW]
    client = client_of(store)
    backend: Backend = client.app.state.backend  # type: ignore[attr-defined]
    client.app.state.backend = Backend(  # type: ignore[attr-defined]
        store=backend.store,
        clock=backend.clock,
        metrics=backend.metrics,
        log=backend.log,
        registry=backend.registry,
        judging=backend.judging,
        stack=backend.stack,
        verifier=verifier,
    )
    return client


def test_verify_answers_with_both_numbers() -> None:
    verifier = FakeVerifier()
    answer = client_with(verifier).get(f"/anomalies/{ID}/explanation", params={"verify": "true"})
    assert answer.json()["verification"]["equal"] is False
    assert answer.json()["verification"]["checks"] == [
        {"what": "score", "equal": False, "recorded": "3.25", "found": "2.5"}
    ]
    assert [verdict.event_id for verdict in verifier.asked] == [ID]


def test_without_verify_nothing_is_judged() -> None:
    verifier = FakeVerifier()
    answer = client_with(verifier).get(f"/anomalies/{ID}/explanation")
    assert (answer.json()["verification"], verifier.asked) == (None, [])


def test_a_log_that_is_away_is_503() -> None:
    for verifier in (None, FakeVerifier(away=True)):
        answer = client_with(verifier).get(f"/anomalies/{ID}/explanation", params={"verify": "true"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
