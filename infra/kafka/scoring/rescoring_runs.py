"""Topic rescoring-events: which runs were asked for, and how they ended."""

from typing import Final

from domain.rescoring import RescoringCompleted, RescoringEvent, RescoringFailed, RescoringRequested, unfinished
from domain.topics import RESCORING_EVENTS
from infra.kafka.client.appending import Fenced, NotAppended, OutcomeUnknown, Outgoing, TransactionalAppender
from infra.kafka.meaning.control_topic import control_records
from ml.rescoring.ports import RescoringStopped
from schemas.contracts import Contracts


class KafkaRescoringRuns:
    """The runs of one cluster."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._bootstrap: Final = bootstrap
        self._contracts: Final = contracts

    def begin(self, wanted: RescoringRequested) -> RescoringRequested:
        """Return the run that these words name: the unfinished one, or the wanted one, appended if it is new.

        1. Take the line's name. 2. Fold rescoring-events to the end the broker sees: nobody else can begin a run of
        this line now. 3. Append. A crash leaves nothing, or the event that the next one finds at 2.

        Raises:
            RescoringStopped: the log did not take it.
        """
        appender = self._appender(wanted)
        try:
            appender.open()  # Step 1
            events = self.events()  # Step 2
            if known := unfinished(events, wanted):
                return known
            if not any(isinstance(one, RescoringRequested) and one.run_id == wanted.run_id for one in events):
                appender.append([Outgoing(key=wanted.model.name, event=wanted)])  # Step 3
        except (NotAppended, OutcomeUnknown, Fenced) as error:
            raise RescoringStopped(f"{RESCORING_EVENTS}: {error}") from error
        return wanted

    def end(self, request: RescoringRequested, event: RescoringCompleted | RescoringFailed) -> None:
        """Append how a run ended, unless it is there.

        Raises:
            RescoringStopped: the log did not take it.
        """
        appender = self._appender(request)
        try:
            appender.open()
            if event not in self.events():
                appender.append([Outgoing(key=request.model.name, event=event)])
        except (NotAppended, OutcomeUnknown, Fenced) as error:
            raise RescoringStopped(f"{RESCORING_EVENTS}: {error}") from error

    def events(self) -> list[RescoringEvent]:
        """Return everything of rescoring-events, in order."""
        records = control_records(self._bootstrap, RESCORING_EVENTS, self._contracts)
        return [record.event for record in records if isinstance(record.event, RescoringEvent)]

    def _appender(self, request: RescoringRequested) -> TransactionalAppender:
        return TransactionalAppender(
            self._bootstrap, transactional_id=f"telltale-rescorer-{request.model.name}", contracts=self._contracts
        )
