"""Every line of models as the log tells it: what promotions are decided on."""

from typing import Final

from commands.aggregates import Aggregates
from commands.event_log import Record
from domain.models import ModelPromoted, ModelRef
from domain.promotion import ModelEvent, ModelLine, Untrained, evolve, line_of


class ModelLines(Aggregates[ModelLine, ModelEvent]):
    """Lines by name; a promotion makes a new version of one."""

    def __init__(self) -> None:
        super().__init__(
            first=Untrained(),
            evolve=lambda line, record: evolve(line, record.event),
            key_of=line_of,
            versions=(ModelPromoted,),
        )
        self._promotions: Final[dict[ModelRef, Record[ModelEvent]]] = {}

    def fold(self, record: Record[ModelEvent]) -> None:
        """Take in one record."""
        super().fold(record)
        if isinstance(record.event, ModelPromoted):
            self._promotions[record.event.model] = record

    def promotion_of(self, model: ModelRef) -> Record[ModelEvent] | None:
        """Return the newest promotion of one version, or None when it has none."""
        return self._promotions.get(model)
