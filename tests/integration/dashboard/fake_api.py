"""A small query API over the invented plant, for the dashboard's tests. Its answers are the real API's own models.

The command service under /commands is the real one.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final

import uvicorn
from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from tests.integration.dashboard import (
    answers,
    drift_answers,
    incident_answers,
    log_answers,
    model_answers,
    swimlane_answers,
)
from tests.integration.dashboard.fake_commands import PumpEvents, decided, fake_commands, pump_events
from tests.integration.dashboard.fake_incidents import incident_routes


class Scenario(StrEnum):
    """What the API has to say."""

    LIVE = "live"
    BEHIND = "behind"
    QUIET = "quiet"
    EMPTY = "empty"
    NEW = "new"
    STOPPED = "stopped"
    DOWN = "down"
    REFUSED = "refused"
    REGISTRY = "registry"
    REBUILDING = "rebuilding"
    LOG_AWAY = "log away"
    FORGOTTEN = "forgotten"
    TAMPERED = "tampered"
    ANSWER_LOST = "answer lost"
    UNJUDGED = "unjudged"


@dataclass
class Plant:
    """The scenario, which a test may change while the page is open."""

    scenario: Scenario = Scenario.LIVE
    origin: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    events: PumpEvents = field(default_factory=pump_events)
    incidents: incident_answers.IncidentLog = field(init=False)
    keys: str = ""
    commands_go: threading.Event = field(default_factory=threading.Event)
    """Commands wait until it is set, as it is in the beginning."""
    command_came: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.incidents = incident_answers.incident_log(self.origin)
        self.commands_go.set()

    @property
    def now(self) -> datetime:
        """Return the server's clock."""
        return datetime.now(UTC)


NOTHING_FOUND: Final = {Scenario.QUIET, Scenario.NEW, Scenario.UNJUDGED, Scenario.BEHIND}
"""Scenarios without an incident."""

From = Annotated[datetime, Query(alias="from")]
To = Annotated[datetime, Query(alias="to")]


def fake_app(plant: Plant) -> FastAPI:  # noqa: C901, PLR0915 - one line a route
    """Return the routes that the dashboard asks."""
    app = FastAPI()

    @app.middleware("http")
    async def refuse(request: Request, call_next: Any) -> Response:
        if plant.scenario is Scenario.DOWN:
            return Response('{"detail": "PostgreSQL does not answer"}', 503, media_type="application/problem+json")
        if plant.scenario is Scenario.REFUSED:
            return Response('{"detail": "X-API-Key is missing"}', 401, media_type="application/problem+json")
        if request.method == "POST":
            plant.command_came.set()
            await run_in_threadpool(plant.commands_go.wait, 30)
        response: Response = await call_next(request)
        if plant.scenario is Scenario.ANSWER_LOST and request.method == "POST":
            return Response('{"detail": "the log does not answer"}', 503, media_type="application/problem+json")
        return response

    app.mount("/commands", fake_commands(plant.events, plant.keys, plant.incidents))
    incident_routes(app, plant.incidents, nothing=lambda: plant.scenario in NOTHING_FOUND)

    @app.get("/freshness")
    def freshness() -> Any:
        behind_s = 211.0 if plant.scenario is Scenario.BEHIND else 0.3
        unjudged = plant.scenario is Scenario.UNJUDGED
        return answers.freshness(plant.now, behind_s=behind_s, empty=plant.scenario is Scenario.NEW, unjudged=unjudged)

    @app.get("/machines")
    def machines(limit: int = 100, as_of: datetime | None = None) -> Any:
        return answers.page(answers.machines(plant.now) if _any(plant) else [])

    @app.get("/sensors")
    def sensors(machine_id: str, limit: int = 100, as_of: datetime | None = None) -> Any:
        return answers.page(answers.sensors(machine_id, plant.now) if _any(plant) else [])

    @app.get("/sensors/{sensor_id}/readings")
    def readings(
        *,
        sensor_id: str,
        machine_id: str,
        starts_at: From,
        ends_at: To,
        points: int = 500,
        as_of: datetime | None = None,
    ) -> Any:
        return answers.series(
            machine_id,
            sensor_id,
            starts_at,
            ends_at,
            points=points,
            origin=plant.origin,
            last=min(plant.now, as_of or plant.now),
        )

    @app.get("/swimlane")
    def swimlane(
        *,
        by: str,
        starts_at: From,
        ends_at: To,
        bucket: int,
        response: Response,
        machine_id: str | None = None,
        as_of: datetime | None = None,
    ) -> Any:
        if as_of and plant.scenario is Scenario.FORGOTTEN:
            raise HTTPException(410, "as_of: anomalies keeps 7 days and knows nothing before 2026-11-15")
        if as_of:
            response.headers["Telltale-Complete"] = "false" if plant.scenario is Scenario.BEHIND else "true"
        return swimlane_answers.swimlane(
            machine_id if by == "sensor" else None,
            starts_at,
            ends_at,
            bucket_s=bucket,
            origin=_origin(plant),
            last=min(_data_ends_at(plant), as_of or plant.now),
            quiet=plant.scenario is Scenario.QUIET,
            empty=plant.scenario is Scenario.NEW,
        )

    @app.get("/verdicts")
    def verdicts(
        *,
        starts_at: From,
        ends_at: To,
        machine_id: str | None = None,
        sensor_id: str | None = None,
        severity: str | None = None,
        as_of: datetime | None = None,
        limit: int = 100,
    ) -> Any:
        if plant.scenario in {Scenario.QUIET, Scenario.NEW}:
            return answers.page([])
        found = answers.verdicts(_origin(plant), min(_data_ends_at(plant), as_of or plant.now))
        chosen = [
            verdict
            for verdict in found
            if starts_at <= verdict.recorded_at < ends_at
            and machine_id in {None, verdict.machine_id}
            and sensor_id in {None, verdict.sensor_id}
            and severity in {None, verdict.severity}
        ]
        return answers.page(chosen[:limit])

    @app.get("/anomalies/{event_id}")
    def anomaly(event_id: str, as_of: datetime | None = None) -> Any:
        return _one(plant, event_id, as_of)

    @app.get("/anomalies/{event_id}/explanation")
    def explanation(*, event_id: str, as_of: datetime | None = None, verify: bool = False) -> Any:
        found = answers.explanation(_one(plant, event_id, as_of), plant.origin)
        if not verify:
            return found
        if plant.scenario is Scenario.LOG_AWAY:
            raise HTTPException(503, "the log does not answer: 127.0.0.1:9092")
        said = answers.verification(found.verdict, equal=plant.scenario is not Scenario.TAMPERED)
        return {**found.model_dump(mode="json"), "verification": said}

    @app.get("/profiles")
    def profiles() -> Any:
        return answers.page(answers.profiles(plant.origin))

    @app.get("/models")
    def models(name: str | None = None, limit: int = 100, as_of: datetime | None = None) -> Any:
        if name is not None:
            return answers.page(answers.models(name, plant.origin))
        versions = [one for one in model_answers.versions(plant.origin) if _by(one.trained_at, as_of)]
        return answers.page(versions if _any(plant) else [])

    @app.get("/models/{profile}/timeline")
    def timeline(profile: str, as_of: datetime | None = None, min_position: str | None = None) -> Any:
        return model_answers.timeline(profile, plant.origin, as_of, decided(plant.events))

    @app.get("/models/{profile}/drift")
    def drift(profile: str, window_s: int = 3600, as_of: datetime | None = None) -> Any:
        return drift_answers.drift(profile, min(plant.now, as_of or plant.now), window_s)

    @app.get("/models/{profile}/diff")
    def diff(profile: str, a: str, b: str, as_of: datetime | None = None) -> Any:
        found = model_answers.diff(a, b, plant.origin)
        if found is None or not _by(found.compared_at, as_of):
            raise HTTPException(404, f"{a} and {b} were not compared by then.")
        return found

    @app.get("/projections")
    def projections() -> Any:
        stopped, rebuilding = plant.scenario is Scenario.STOPPED, plant.scenario is Scenario.REBUILDING
        return answers.page(log_answers.projections(plant.now, stopped=stopped, rebuilding=rebuilding))

    @app.get("/dead-letters")
    def dead_letters(limit: int = 100, as_of: datetime | None = None) -> Any:
        known = [letter for letter in log_answers.dead_letters(plant.origin) if _by(letter.dead_lettered_at, as_of)]
        return answers.page([] if plant.scenario is Scenario.QUIET else known)

    @app.get("/contracts")
    def contracts(limit: int = 100, as_of: datetime | None = None) -> Any:
        known = [one for one in log_answers.contracts(plant.origin) if _by(one.published_at, as_of)]
        return answers.page(known)

    @app.get("/contracts/proof")
    def proof() -> Any:
        return log_answers.contracts_state(plant.now, registry_answers=plant.scenario is not Scenario.REGISTRY)

    @app.get("/topics")
    def topics() -> Any:
        return answers.page(log_answers.topics(plant.now, away=plant.scenario is Scenario.LOG_AWAY))

    return app


def _by(known_at: datetime, as_of: datetime | None) -> bool:
    return as_of is None or known_at <= as_of


def _any(plant: Plant) -> bool:
    return plant.scenario is not Scenario.NEW


def _origin(plant: Plant) -> datetime:
    """Return the moment around which things happened: long ago when the last hours are empty."""
    return plant.origin - timedelta(hours=9) if plant.scenario is Scenario.EMPTY else plant.origin


def _data_ends_at(plant: Plant) -> datetime:
    return _origin(plant) if plant.scenario is Scenario.EMPTY else plant.now


def _one(plant: Plant, event_id: str, as_of: datetime | None) -> Any:
    found = answers.verdicts(_origin(plant), as_of or plant.now)
    verdict = next((verdict for verdict in found if str(verdict.event_id) == event_id), None)
    if verdict is None:
        raise HTTPException(404, f"No verdict {event_id}.")
    return verdict


@contextmanager
def serving(plant: Plant) -> Iterator[str]:
    """Serve the fake on a free port of loopback; yield its address."""
    server = uvicorn.Server(uvicorn.Config(fake_app(plant), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        if time.monotonic() > deadline:
            raise TimeoutError("the fake API did not start")
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
