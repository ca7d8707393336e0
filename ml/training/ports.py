"""What training needs from the outside: readings of the log, and a place in the log for the model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from domain.models import ModelTrained
from domain.positions import Position
from domain.profiles import ProfileDefined
from ml.manifest import Selection
from ml.training.trainer import TrainingRows

OnProgress = Callable[[int, int], None]
"""Called with how many offsets have been read by now, and how many there are."""


class ReadingsGone(Exception):
    """The log no longer holds the readings that a manifest names, or is another log."""


class ReadingsWait(Exception):
    """A record of the history names what is not in the log yet; nobody has decided what becomes of it."""

    def __init__(self, position: Position, reason: str) -> None:
        super().__init__(
            f"{position}: {reason}. The running scorer decides about it within its waiting time; "
            f'to pass over it now: telltale skip {position} --because "why"'
        )
        self.position = position


class ModelNotStored(LookupError):
    """The log has no such version, or lacks the model's bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewModel:
    """A model that has no version yet; `content` is its artifact in `format`, `line` its profile's bare name."""

    line: str
    profile: str
    format: str
    content: bytes
    detectors: tuple[str, ...]
    manifest: str
    manifest_sha256: str
    rows: int
    metrics: Mapping[str, float]
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredModel:
    """A model in the log, and where its ModelTrained stands."""

    event: ModelTrained
    position: Position


class ReadingLog(Protocol):
    """Reads training rows."""

    def profile(self, name: str) -> ProfileDefined:
        """Return the profile that `name` means: `pump@1`, or `pump` for its newest version.

        Raises:
            UnknownProfile: it is not in the log.
        """

    def everything(self, profile: str) -> Selection:
        """Return the selection of all readings of a profile (`pump@1`) that are in the log now."""

    def rows(self, selection: Selection, profile: ProfileDefined, *, on_progress: OnProgress) -> TrainingRows:
        """Return the selected rows.

        Raises:
            ReadingsGone: the ranges reach below what the log still holds, or beyond its end, or it is another log.
        """


class ModelLog(Protocol):
    """Keeps models."""

    def append(self, model: NewModel) -> StoredModel:
        """Append the model's bytes and its ModelTrained, both or neither; its version is the next of its line.

        Raises:
            EventNotAppended: the log did not take it.
        """

    def trained(self) -> tuple[ModelTrained, ...]:
        """Return every version of every line, in log order."""

    def content(self, artifact_sha256: str) -> tuple[str, bytes]:
        """Return format and bytes of an artifact, its hash verified.

        Raises:
            ModelNotStored: the log does not hold it whole.
        """
