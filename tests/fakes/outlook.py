"""Log, registry, judging and stack as the API looks at them, without any of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.judging import Judging, JudgingState
from query_api.outlook import Edges, LogAway, StackPart


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


ALL_JUDGED = Judging(state=JudgingState.JUDGED, unjudged=0, oldest_s=0.0, cause=None, partitions=())


@dataclass(slots=True)
class FakeJudgingOutlook:
    """An answer; away when there is none."""

    answer: Judging | None = ALL_JUDGED

    async def judging(self) -> Judging:
        """Return the answer."""
        if self.answer is None:
            raise LogAway("no broker answers")
        return self.answer


@dataclass(slots=True)
class FakeStackOutlook:
    """Parts."""

    those: list[StackPart] = field(default_factory=list)

    async def parts(self) -> Sequence[StackPart]:
        """Return them."""
        return self.those
