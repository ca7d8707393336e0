"""`--train-first N`: the first N readings train the model that judges the rest.

The seam to training, promotion and scorer: what they are is put in from outside.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from domain.models import ModelRef


class NotInForce(TimeoutError):
    """No scorer began to judge with the model in time."""


class InForce(Protocol):
    """Tells when the scorer judges with a model."""

    def watch(self, partitions: frozenset[int]) -> Callable[[ModelRef], None]:
        """Return what waits until each of these partitions of the readings is judged by the model given to it.

        What was said before this call does not count. The returned function raises NotInForce when it does not come.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRows:
    """Where the first N rows of a file stand in the log: what its model is trained on, and nothing else.

    partitions: of the file's machines. recorded_*_us: the rows' device times, half-open; those after them, which an
    interrupted run may have appended, are for the model to judge. from_offsets: where each partition ended before
    this run; empty when some of the rows were in the log before it.
    """

    partitions: frozenset[int]
    recorded_from_us: int
    recorded_before_us: int
    from_offsets: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class TrainFirst:
    """Trains on a file's first rows, makes the model champion, and waits until it is in force.

    train: profile reference and rows → the version trained on them. promote: makes a version champion, through the
    command service.
    """

    train: Callable[[str, FirstRows], ModelRef]
    promote: Callable[[ModelRef], None]
    in_force: InForce

    def run(self, profile: str, first: FirstRows) -> ModelRef:
        """Return the model that judges whatever is appended to the rows' partitions from now on.

        A crash in between leaves readings, or a version that nobody promoted; the same command again trains anew.
        """
        wait_for = self.in_force.watch(first.partitions)
        model = self.train(profile, first)
        self.promote(model)
        wait_for(model)
        return model
