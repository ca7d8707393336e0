"""The command PromoteModel: make a trained version the champion of its line."""

from dataclasses import dataclass

from commands.desk import Answer, CommandDesk
from commands.event_log import CommandStamp
from commands.model_lines import ModelLines
from domain.models import PromoteModel, decide


@dataclass(frozen=True, slots=True)
class PromoteModelHandler:
    """Carries out PromoteModel; `lines` is one of the desk's folds."""

    desk: CommandDesk
    lines: ModelLines

    def handle(self, command: PromoteModel, stamp: CommandStamp) -> Answer:
        """Append ModelPromoted, unless the version is champion already; raises what `CommandDesk.perform` raises."""
        return self.desk.perform(stamp, key=command.name, decide=lambda: decide(self.lines.line(command.name), command))
