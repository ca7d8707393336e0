"""Topic rescoring-events: which runs were asked for, and how they ended."""

from collections.abc import Callable, Sequence
from typing import Final

from commands.aggregates import Aggregates
from commands.stamps import stamp_of
from commands.write_side import Request
from domain.appending import EventNotAppended
from domain.rescoring import RescoringCompleted, RescoringEvent, RescoringFailed, RescoringRequested, unfinished
from domain.topics import RESCORING_EVENTS
from infra.kafka.decisions.event_log import shared_write_side
from infra.kafka.meaning.control_topic import control_records
from ml.rescoring.ports import RescoringStopped
from schemas.contracts import Contracts

_ALL: Final = RESCORING_EVENTS
"""The one state of this topic: all of its events."""


class KafkaRescoringRuns:
    """The runs of one cluster; those of one line of models share a writer's name, so none begins twice."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._bootstrap: Final = bootstrap
        self._contracts: Final = contracts

    def begin(self, wanted: RescoringRequested) -> RescoringRequested:
        """Return the run that these words name: the unfinished one, or the wanted one, appended if it is new.

        Raises:
            RescoringStopped: the log did not take it.
        """

        def decide(events: tuple[RescoringEvent, ...]) -> Sequence[RescoringEvent]:
            begun = any(isinstance(one, RescoringRequested) and one.run_id == wanted.run_id for one in events)
            return () if begun or unfinished(events, wanted) else (wanted,)

        return unfinished(self._performed(wanted, wanted, decide), wanted) or wanted

    def end(self, request: RescoringRequested, event: RescoringCompleted | RescoringFailed) -> None:
        """Append how a run ended, unless it is there.

        Raises:
            RescoringStopped: the log did not take it.
        """
        self._performed(request, event, lambda events: () if event in events else (event,))

    def events(self) -> list[RescoringEvent]:
        """Return everything of rescoring-events, in order."""
        records = control_records(self._bootstrap, RESCORING_EVENTS, self._contracts)
        return [record.event for record in records if isinstance(record.event, RescoringEvent)]

    def _performed(
        self,
        request: RescoringRequested,
        command: RescoringEvent,
        decide: Callable[[tuple[RescoringEvent, ...]], Sequence[RescoringEvent]],
    ) -> tuple[RescoringEvent, ...]:
        """Append what is decided, and return all events after it."""
        events: Aggregates[tuple[RescoringEvent, ...], RescoringEvent] = Aggregates(
            first=(), key_of=lambda _event: _ALL, evolve=lambda before, record: (*before, record.event)
        )
        line = request.model.name
        side = shared_write_side(
            self._bootstrap, self._contracts, RESCORING_EVENTS, events, writer=f"telltale-rescorer-{line}"
        )
        try:
            side.perform(
                Request.of(
                    command,
                    stamp_of(command),
                    fold=events,
                    key=_ALL,
                    log_key=lambda _: line,
                    decide=decide,
                )
            )
        except EventNotAppended as error:
            raise RescoringStopped(f"{RESCORING_EVENTS}: {error}") from error
        return events.state(_ALL)
