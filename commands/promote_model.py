"""The commands PromoteModel and RollBackModel: put another version in force, or the one before again."""

from dataclasses import dataclass

from commands.desk import Answer, CommandDesk
from commands.event_log import CommandStamp, Record
from commands.model_lines import ModelLines
from domain.comparison import BudgetCheck
from domain.promotion import PromoteModel, PromotionRejected, RollBackModel, decide


class PromotionRefused(Exception):
    """The gate refused a promotion, and the log says so; `record` is its PromotionRejected."""

    def __init__(self, record: Record, rejection: PromotionRejected) -> None:
        super().__init__(explained(rejection))
        self.record = record
        self.rejection = rejection


@dataclass(frozen=True, slots=True)
class PromoteModelHandler:
    """Carries out both commands; `lines` is one of the desk's folds."""

    desk: CommandDesk
    lines: ModelLines

    def handle(self, command: PromoteModel | RollBackModel, stamp: CommandStamp) -> Answer:
        """Append what the command leads to: nothing when the version is champion already.

        Raises:
            PromotionRefused: the gate refused, which is appended; the same command again is refused by the same record.
            what `CommandDesk.perform` raises.
        """
        answer = self.desk.perform(
            stamp, key=command.name, decide=lambda: decide(self.lines.line(command.name), command)
        )
        for record in answer.records:
            if isinstance(record.event, PromotionRejected):
                raise PromotionRefused(record, record.event)
        return answer


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
