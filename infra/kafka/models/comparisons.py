"""Comparisons in the log: one ModelsCompared for each, however often it is made."""

from typing import Final

from commands.aggregates import Aggregates
from commands.stamps import stamp_of
from commands.write_side import Request
from domain.comparison import ModelsCompared
from domain.promotion import ModelEvent
from domain.topics import MODEL_EVENTS
from infra.kafka.decisions.event_log import shared_write_side
from ml.comparison.ports import ComparisonContradicted, Recorded
from schemas.contracts import Contracts


class KafkaComparisons:
    """The Comparisons of one cluster."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        self._bootstrap: Final = bootstrap
        self._contracts: Final = contracts

    def append(self, compared: ModelsCompared) -> Recorded:
        """Append a comparison, unless the log has it already.

        Comparisons of one line share a writer's name, so nobody else can append the same one in between.

        Raises:
            EventNotAppended: the log did not take it.
            ComparisonContradicted: the log has the same comparison with another report.
        """
        known: Aggregates[ModelsCompared | None, ModelEvent] = Aggregates(
            first=None,
            key_of=lambda event: event.comparison_id if isinstance(event, ModelsCompared) else None,
            evolve=lambda first, record: first or (record.event if isinstance(record.event, ModelsCompared) else None),
        )
        writer = f"telltale-comparer-{compared.challenger.name}"
        answer = shared_write_side(self._bootstrap, self._contracts, MODEL_EVENTS, known, writer=writer).perform(
            Request(
                stamp=stamp_of(compared),
                command="CompareModels",
                actor="",
                fold=known,
                key=compared.comparison_id,
                log_key=lambda _: compared.challenger.name,
                decide=lambda before: _decide(before, compared),
            )
        )
        return Recorded(position=answer.record.position, appended=answer.is_new)


def _decide(before: ModelsCompared | None, compared: ModelsCompared) -> tuple[ModelsCompared, ...]:
    if before is None:
        return (compared,)
    if before.report_sha256 != compared.report_sha256 or before.numbers != compared.numbers:
        raise ComparisonContradicted(
            f"the log has the same comparison ({before.comparison_id}) with another outcome: report "
            f"{before.report_sha256[:12]}, now {compared.report_sha256[:12]}. One of the two programs is not the "
            "version that it says it is"
        )
    return ()
