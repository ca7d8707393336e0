"""Every line of models as the log tells it: what promotions are decided on."""

from commands.event_log import Record
from domain.models import ModelLine, ModelPromoted, Untrained, evolve


class ModelLines:
    """A fold of model-events."""

    def __init__(self) -> None:
        self._lines: dict[str, ModelLine] = {}
        self._promotions: dict[str, Record] = {}

    def fold(self, record: Record) -> None:
        """Take in one record."""
        name = record.event.model.name
        self._lines[name] = evolve(self.line(name), record.event)
        if isinstance(record.event, ModelPromoted):
            self._promotions[name] = record

    def line(self, name: str) -> ModelLine:
        """Return the line called `name`, without versions when nothing is known of it."""
        return self._lines.get(name, Untrained())

    def promotion(self, name: str) -> Record | None:
        """Return the promotion that made the line's champion, or None when it has none."""
        return self._promotions.get(name)
