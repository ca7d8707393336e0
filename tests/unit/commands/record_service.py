"""The command service over fakes, and an item as a sender gives it."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from commands.record_readings import RecordReadingsHandler
from infra.http.command_service import command_service
from infra.http.keys import ApiKey, KeyGuard
from tests.builders import a_profile
from tests.fakes.incidents import an_incident_handler
from tests.fakes.intake import FakeProfiles, FakeReadingLog
from tests.unit.commands.test_promote_model import a_handler, a_log

MOMENT = "2026-03-09T10:14:33.250Z"


def an_item(**said: Any) -> dict[str, Any]:
    return {
        "machine_id": "pump-07",
        "sensor_id": "drive-end",
        "profile": "pump",
        "recorded_at": MOMENT,
        "measurements": {"speed": 80, "vibration": 2.5},
        **said,
    }


class Service:
    """The command service over fakes."""

    def __init__(self, *, keys: tuple[ApiKey, ...] = (), answers: bool = True) -> None:
        self.log = FakeReadingLog(answers=answers)
        self.profiles = FakeProfiles(
            a_profile("pump", 1, channels=("speed",)), a_profile("pump", 2, channels=("speed", "vibration"))
        )
        app: FastAPI = command_service(
            record_readings=RecordReadingsHandler(self.log, self.profiles),
            promote_model=a_handler(a_log()),
            incidents=an_incident_handler(),
            guard=KeyGuard(keys),
            version="1",
            end=lambda: None,
        )
        self.client = TestClient(app, raise_server_exceptions=False)

    def post(self, *items: object, key: str = "") -> Any:
        content = json.dumps({"readings": items})
        headers = {"Content-Type": "application/json", **({"X-API-Key": key} if key else {})}
        return self.client.post("/readings", content=content, headers=headers)
