"""What comparing two models needs from the outside: versions, readings of the log, and a place for the outcome."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from domain.comparison import ModelsCompared
from domain.models import ModelTrained
from domain.positions import Position
from domain.profiles import ProfileDefined
from ml.manifest import OffsetRange, Selection
from schemas.readings import Readings


class NotComparable(ValueError):
    """The two can't judge the same readings, or there are none; the message says what to do."""


class ComparisonContradicted(Exception):
    """The log holds the same comparison with another outcome: one of the two programs is not what it says it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Where a comparison stands in the log; appended: False when it stood there already."""

    position: Position
    appended: bool


class ComparedModels(Protocol):
    """The versions in the log."""

    def trained(self) -> tuple[ModelTrained, ...]:
        """Return every version of every line, in log order."""

    def content(self, artifact_sha256: str) -> tuple[str, bytes]:
        """Return format and bytes of an artifact, its hash verified.

        Raises:
            ModelNotStored: the log does not hold it whole.
        """


class ComparedReadings(Protocol):
    """Readings of the log, a stretch at a time."""

    def profile(self, name: str) -> ProfileDefined:
        """Return the profile that `name` means.

        Raises:
            UnknownProfile: it is not in the log.
        """

    def everything(self, profile: str) -> Selection:
        """Return the selection of all readings of a profile (`pump@1`) that are in the log now."""

    def require(self, selection: Selection) -> None:
        """Return when the log holds all of the selection's ranges.

        Raises:
            ReadingsGone: it does not, or is another log.
        """

    def read(self, topic: str, stretch: OffsetRange) -> Iterator[Readings]:
        """Yield the readings of one stretch in log order, in batches of any size."""


class Comparisons(Protocol):
    """The comparisons in the log."""

    def append(self, compared: ModelsCompared) -> Recorded:
        """Append a comparison, unless the log has it already.

        Raises:
            EventNotAppended: the log did not take it.
            ComparisonContradicted: the log has the same comparison with another report.
        """
