"""`--train-first N`: the first N readings train the model that judges the rest.

The seam to training, promotion and scorer: what they are is put in from outside.
"""

from collections.abc import Callable
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


@dataclass(frozen=True, slots=True)
class TrainFirst:
    """Trains on what is in the log, makes the model champion, and waits until it is in force.

    train: profile reference and a moment in µs since 1970 UTC → the version trained on readings recorded before it.
    promote: makes a version champion, through the command service.
    """

    train: Callable[[str, int], ModelRef]
    promote: Callable[[ModelRef], None]
    in_force: InForce

    def run(self, profile: str, recorded_before_us: int, partitions: frozenset[int]) -> ModelRef:
        """Return the model that judges whatever is appended to `partitions` from now on.

        It is trained on readings recorded before a moment: those after it, which an interrupted run may have appended,
        are for the model to judge.

        A crash in between leaves readings, or a version that nobody promoted; the same command again trains anew.
        """
        wait_for = self.in_force.watch(partitions)
        model = self.train(profile, recorded_before_us)
        self.promote(model)
        wait_for(model)
        return model
