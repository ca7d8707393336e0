"""Comparisons in the log: one ModelsCompared for each, however often it is made."""

from collections.abc import Iterator
from typing import Final

from domain.comparison import ModelsCompared
from domain.positions import Position
from domain.topics import MODEL_EVENTS
from infra.kafka.client.appending import Fenced, NotAppended, OutcomeUnknown, Outgoing, TransactionalAppender
from infra.kafka.meaning.control_topic import control_records
from ml.comparison.ports import ComparisonContradicted, ComparisonNotAppended, Recorded
from schemas.contracts import Contracts

_TRIES: Final = 5
"""Two comparisons of one line fence each other at most once per append, so the later tries find the name free."""


class KafkaComparisons:
    """The Comparisons of one cluster."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._bootstrap: Final = bootstrap
        self._contracts: Final = contracts

    def append(self, compared: ModelsCompared) -> Recorded:
        """Append a comparison, unless the log has it already.

        1. Take the line's name, which ends whatever another comparison of the line has open. 2. Fold model-events to
        the end the broker sees: nobody else can append a comparison of this line now. 3. Append. One that is fenced
        between 1 and 3 starts again at 1; a crash leaves nothing, or the event that the next one finds at 2.

        Raises:
            ComparisonNotAppended: the log did not take it.
            ComparisonContradicted: the log has the same comparison with another report.
        """
        line = compared.challenger.name
        cause: Exception | None = None
        for _ in range(_TRIES):
            appender = TransactionalAppender(
                self._bootstrap, transactional_id=f"telltale-comparer-{line}", contracts=self._contracts
            )
            try:
                appender.open()  # Step 1
                if known := self._known(compared):  # Step 2
                    return Recorded(position=known, appended=False)
                (position,) = appender.append([Outgoing(key=line, event=compared)])  # Step 3
                return Recorded(position=position, appended=True)
            except Fenced as fenced:
                cause = fenced
            except (NotAppended, OutcomeUnknown) as error:
                raise ComparisonNotAppended(f"{line}: {error}; the same comparison again is safe") from error
        raise ComparisonNotAppended(f"{line}: other comparisons of this line keep taking over; try again") from cause

    def _known(self, compared: ModelsCompared) -> Position | None:
        for position, known in self._all():
            if known.comparison_id == compared.comparison_id:
                if known.report_sha256 != compared.report_sha256 or known.numbers != compared.numbers:
                    raise ComparisonContradicted(
                        f"{position} is the same comparison ({known.comparison_id}) with another outcome: report "
                        f"{known.report_sha256[:12]}, now {compared.report_sha256[:12]}. One of the two programs is "
                        "not the version that it says it is"
                    )
                return position
        return None

    def _all(self) -> Iterator[tuple[Position, ModelsCompared]]:
        for record in control_records(self._bootstrap, MODEL_EVENTS, self._contracts):
            if isinstance(record.event, ModelsCompared):
                yield record.position, record.event
