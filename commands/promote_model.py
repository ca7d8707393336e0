"""The commands PromoteModel and RollBackModel: put another version in force, or the one before again."""

from dataclasses import dataclass

from commands.answers import Answer
from commands.event_log import Record
from commands.model_lines import ModelLines
from commands.stamps import CommandStamp
from commands.write_side import Request, WriteSide
from domain.comparison import BudgetCheck
from domain.promotion import ModelEvent, PromoteModel, PromotionRejected, RollBackModel, Untrained, decide


class PromotionRefused(Exception):
    """The gate refused a promotion, and the log says so; `record` is its PromotionRejected."""

    def __init__(self, record: Record[ModelEvent], rejection: PromotionRejected) -> None:
        super().__init__(explained(rejection))
        self.record = record
        self.rejection = rejection


@dataclass(frozen=True, slots=True)
class PromoteModelHandler:
    """Carries out both commands; `lines` is one of the write side's folds."""

    write_side: WriteSide[ModelEvent]
    lines: ModelLines

    def handle(
        self, command: PromoteModel | RollBackModel, stamp: CommandStamp, *, if_match: str | None = None
    ) -> Answer[ModelEvent]:
        """Append what the command leads to: nothing when the version is champion already.

        if_match: position of the line's newest promotion, as its sender saw it.

        Raises:
            PromotionRefused: the gate refused, which is appended; the same command again is refused by the same record.
            what `WriteSide.perform` raises.
        """
        answer = self.write_side.perform(
            Request.of(
                command,
                stamp,
                fold=self.lines,
                key=command.name,
                decide=lambda line: decide(line, command),
                if_match=if_match,
                unchanged_by=lambda: self._promotion(command),
            )
        )
        for record in answer.records:
            if isinstance(record.event, PromotionRejected):
                raise PromotionRefused(record, record.event)
        return answer

    def _promotion(self, command: PromoteModel | RollBackModel) -> Record[ModelEvent] | None:
        """Return the promotion by which the version that is asked for is champion already."""
        line = self.lines.state(command.name)
        if isinstance(line, Untrained) or isinstance(command, RollBackModel):
            return None
        return self.lines.promotion_of(line.versions[command.version])


def explained(rejection: PromotionRejected) -> str:
    """Return why the gate refused, with every number that broke a budget, and what to do."""
    model, champion = rejection.model, rejection.against
    compare = f"telltale models diff {champion} {model}"
    if rejection.numbers is None:
        return (
            f"{model} was never compared with the champion {champion} on the same history: {compare} does it; "
            'or overrule the gate with --force --because "…"'
        )
    broken = "; ".join(
        f"{check.budget} is {check.measured:.4g}, allowed at {_side(check)} {check.limit:.4g}"
        for check in rejection.checks
        if not check.kept
    )
    return (
        f"{model} may not replace {champion}: {broken}. {compare} shows where; train another version, "
        'or overrule the gate with --force --because "…"'
    )


def _side(broken: BudgetCheck) -> str:
    return "most" if broken.measured > broken.limit else "least"
