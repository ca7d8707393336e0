"""The log and the registry as the API looks at them, without either."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from query_api.outlook import Edges, LogAway


@dataclass(slots=True)
class FakeLogOutlook:
    """Partitions with their edges; away when there are none."""

    places: dict[tuple[str, int], Edges] = field(default_factory=dict)

    async def edges(self) -> Mapping[tuple[str, int], Edges]:
        """Return the edges."""
        if not self.places:
            raise LogAway("no broker answers")
        return self.places


@dataclass(slots=True)
class FakeRegistryOutlook:
    """A registry that answers or not."""

    answering: bool = True

    async def answers(self) -> bool:
        """Return whether it answers."""
        return self.answering
