"""Every line of models as the log tells it: what promotions are decided on."""

from commands.event_log import Record
from domain.models import ModelPromoted, ModelRef
from domain.promotion import ModelLine, Untrained, evolve, line_of


class ModelLines:
    """A fold of model-events."""

    def __init__(self) -> None:
        self._lines: dict[str, ModelLine] = {}
        self._newest: dict[str, Record] = {}
        self._promotions: dict[ModelRef, Record] = {}

    def fold(self, record: Record) -> None:
        """Take in one record."""
        name = line_of(record.event)
        self._lines[name] = evolve(self.line(name), record.event)
        if isinstance(record.event, ModelPromoted):
            self._newest[name] = record
            self._promotions[record.event.model] = record

    def line(self, name: str) -> ModelLine:
        """Return the line called `name`, without versions when nothing is known of it."""
        return self._lines.get(name, Untrained())

    def promotion(self, name: str) -> Record | None:
        """Return the line's newest promotion, or None when it has none."""
        return self._newest.get(name)

    def promotion_of(self, model: ModelRef) -> Record | None:
        """Return the newest promotion of one version, or None when it has none."""
        return self._promotions.get(model)
