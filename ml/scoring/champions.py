"""Who is champion of each profile: a fold of model-events."""

from collections.abc import Iterable

from domain.models import ModelPromoted, ModelRef


class Champions:
    """The newest promotion of each profile; `position` is the next offset of model-events not folded yet."""

    def __init__(self) -> None:
        self.position = 0
        self._newest: dict[str, tuple[ModelRef, int]] = {}

    def fold(self, events: Iterable[tuple[int, object]]) -> None:
        """Take in events with their offsets, in log order."""
        for offset, event in events:
            if isinstance(event, ModelPromoted):
                self._newest[event.model.profile] = (event.model, offset)
            self.position = offset + 1

    def has(self, profile: str) -> bool:
        """Return whether a profile (`pump@1`) has a champion, whether or not it can be loaded."""
        return profile in self._newest

    def newest(self) -> Iterable[tuple[ModelRef, int]]:
        """Return the champion of each profile with the offset of its promotion, in the order of promotion."""
        return sorted(self._newest.values(), key=lambda pair: pair[1])
