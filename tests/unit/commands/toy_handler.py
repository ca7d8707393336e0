"""The handler of the tests' own command."""

from dataclasses import dataclass

from commands.aggregates import Aggregates
from commands.answers import Answer
from commands.stamps import stamp_of
from commands.write_side import Request, WriteSide
from tests.unit.commands.toy_domain import BellRung, RingBell, decide


@dataclass(frozen=True, slots=True)
class RingBellHandler:
    write_side: WriteSide[BellRung]
    bells: Aggregates[BellRung | None, BellRung]

    def handle(self, command: RingBell, key: str | None, if_match: str | None = None) -> Answer[BellRung]:
        return self.write_side.perform(self.request(command, key, if_match))

    def request(
        self, command: RingBell, key: str | None, if_match: str | None = None
    ) -> Request[BellRung | None, BellRung]:
        return Request.of(
            command,
            stamp_of(command, key, if_match=if_match),
            fold=self.bells,
            key=command.tower,
            decide=lambda rung: decide(rung, command),
            if_match=if_match,
        )
