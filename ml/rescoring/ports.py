"""What re-scoring needs of the log beside what the scorer needs; the adapter is infra's."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from domain.anomalies import AnomalyDetected
from domain.scoring import ReadingsScored
from ml.scoring.ports import ScoringHistory


class RescoringStopped(Exception):
    """The log did not take a batch or has one that means nothing yet, or another process works on this run.

    The same request goes on.
    """


class RescoringLog(ScoringHistory, Protocol):
    """The readings, and the run's own records in rescored-anomaly-events."""

    def take(self, run_id: UUID, partition: int) -> None:
        """Become the one writer of a run's partition: ends what another has open there, and refuses its next write.

        Raises:
            RescoringStopped: no broker answers.
        """

    def progress(self, run_id: UUID, partition: int) -> int | None:
        """Return where the run's newest ledger record of a partition ends; None when it has none."""

    def write(self, partition: int, verdicts: Sequence[AnomalyDetected], ledgers: Sequence[ReadingsScored]) -> None:
        """Append verdicts and ledger records to a taken partition's own number, all or nothing.

        Raises:
            RescoringStopped: whether they are there only the log can tell.
        """

    def ends(self, partitions: Sequence[int]) -> Mapping[int, int]:
        """Return where committed readers of the readings get to now."""
