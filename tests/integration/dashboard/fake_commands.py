"""The real command service over a log in memory that tells of the invented plant's pumps."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import FastAPI

from commands.event_log import Record
from commands.model_lines import ModelLines
from commands.promote_model import PromoteModelHandler
from commands.record_readings import RecordReadingsHandler
from commands.stamps import CommandStamp
from commands.write_side import WriteSide
from domain.command_answers import CommandAnswered
from domain.models import ModelPromoted
from domain.positions import Position
from infra.http.command_service import command_service
from infra.http.keys import KeyGuard, parse_keys
from tests.comparisons import compared, ref, trained
from tests.fakes.event_log import FakeEventLog, SharedLog
from tests.fakes.incidents import an_incident_handler
from tests.fakes.intake import FakeProfiles, FakeReadingLog

BEFORE: Final = 40
"""Offsets of model-events that other lines of models took."""


@dataclass
class PumpEvents(SharedLog):
    """model-events of the pumps, appended at the clock's time."""

    def put(self, event: Any, stamp: CommandStamp | None = None) -> Record[Any]:
        record = super().put(event, stamp)
        if isinstance(event, CommandAnswered):
            return record
        position = Position("model-events", 0, BEFORE + record.position.offset)
        self.records[-1] = replace(record, position=position, appended_at=datetime.now(UTC))
        return self.records[-1]


def pump_events() -> PumpEvents:
    """Return three versions, the second of which is champion and was compared with the third."""
    events = PumpEvents()
    for version in (1, 2, 3):
        events.put(trained(version))
    first = ModelPromoted(
        model=ref(1), replaces=None, because="first with drift", actor="M. Lindqvist", forced=False, comparison_id=None
    )
    events.put(first)
    events.put(replace(first, model=ref(2), replaces=ref(1), because="finds the bearing wear", actor="A. Okafor"))
    events.put(compared(2, 3, comparison_id="c-23"))
    return events


SEEDED: Final = len(pump_events().records)


def decided(events: PumpEvents) -> list[Record[Any]]:
    """Return what the command service has appended."""
    return events.records[SEEDED:]


def fake_commands(events: PumpEvents, keys: str, incidents: SharedLog) -> FastAPI:
    """Return the command service as the container would build it."""
    lines = ModelLines()
    write_side = WriteSide(FakeEventLog(events), [lines])
    write_side.open()
    return command_service(
        record_readings=RecordReadingsHandler(log=FakeReadingLog(), profiles=FakeProfiles()),
        promote_model=PromoteModelHandler(write_side, lines),
        incidents=an_incident_handler(incidents),
        guard=KeyGuard(parse_keys(keys)),
        version="test",
        end=lambda: None,
    )
