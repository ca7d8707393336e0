"""What the supervisor runs: a service of the stack or a process of Telltale's own, seen through one port."""

from collections.abc import Callable
from typing import Protocol

from infra.host.supervisor.program import Program
from infra.host.supervisor.state import PartKind

RunOnce = Callable[[Program], None]
"""Runs a program to its end. Raises ProgramFailed, or Interrupted while the supervisor is stopping."""


class Part(Protocol):
    """One thing that runs."""

    @property
    def name(self) -> str:
        """Return its name, which is also its log's."""

    @property
    def kind(self) -> PartKind:
        """Return whether it is a service or a process of Telltale's own."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Return the parts that must be ready before it starts and that stop after it."""

    @property
    def after(self) -> tuple[str, ...]:
        """Return the parts that must have been ready once before it first starts; it does without them later."""

    @property
    def address(self) -> str:
        """Return its host:port or URL; empty when nobody calls it."""

    @property
    def ready_deadline_s(self) -> float:
        """Return how many seconds it may take from its start to ready."""

    @property
    def fix(self) -> str:
        """Return what to do when it does not become ready."""

    def prepare(self, run: RunOnce) -> None:
        """Make the files it starts from. Called before every start; does nothing the second time."""

    def program(self) -> Program:
        """Return the program."""

    def probe(self) -> None:
        """Prove that it does its work.

        Raises:
            NotReady: not yet.
        """

    def settle(self) -> None:
        """Make inside it what others count on. Called after every start; does nothing the second time.

        Raises:
            NotReady: it, or what it needs, went away meanwhile.
        """
