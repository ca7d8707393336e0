"""What a rebuild comes to: an estimate, a swap, or a refusal that names what differs."""

from collections.abc import Sequence
from dataclasses import dataclass

from projections.build_proof import Proof
from projections.builds import RebuildRefused, Swap
from projections.checkpoints import TopicPartition


class ReadModelDrifted(RebuildRefused):
    """The serving build is not what its own SQL makes of the log."""

    def __init__(self, proof: Proof, partial: Sequence[TopicPartition] = ()) -> None:
        rows = sum(table.only_here + table.only_there + table.different for table in proof.differences)
        super().__init__(
            f"{proof.read_model}: {rows:,} rows of the serving build {proof.against_build} are not what the log says; "
            f"it goes on serving, and build {proof.build} is kept beside it{_why_partial(partial)}"
        )
        self.proof = proof


class NotAccepted(RebuildRefused):
    """The new build is not equal to the serving one, and nobody said why it is to serve."""

    def __init__(
        self, read_model: str, proof: Proof | None, reason: str | None, partial: Sequence[TopicPartition] = ()
    ) -> None:
        why = f"{reason or 'the new SQL makes other rows'}{_why_partial(partial)}"
        super().__init__(f"{read_model}: {why}; nothing was swapped")
        self.proof = proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a rebuild would do. `partial` are partitions whose first records the log has deleted."""

    read_model: str
    events: int
    seconds: float
    bytes_needed: int
    bytes_free: int | None
    unfinished: int | None
    same_sql: bool
    partial: tuple[TopicPartition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """A rebuild that ended with a swap; `proof` None: the log is another one, so there was nothing to compare with."""

    swap: Swap
    proof: Proof | None
    records: int
    load_seconds: float
    partial: tuple[TopicPartition, ...]
    discarded: tuple[int, ...]


def _why_partial(partial: Sequence[TopicPartition]) -> str:
    """Return what a build lacks that could not be read from the log's beginning, to follow what was found."""
    if not partial:
        return ""
    named = ", ".join(map(str, partial))
    return f". It is not a full rebuild: the log has deleted the first records of {named}, which only the old build has"
