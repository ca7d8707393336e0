"""A profile's line of models: which version is champion, and what it takes to replace it.

The first champion of a profile is a person's choice. Whoever follows must have judged the same history as the champion
and stayed inside the budgets, or somebody takes it on himself, and both stand in the log.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar, assert_never

from domain.comparison import BudgetCheck, ComparisonNumbers, ModelsCompared, budget_checks, within_budgets
from domain.models import ModelPromoted, ModelRef, ModelTrained
from domain.rejections import CommandRejected, ReasonMissing

Version = TypeVar("Version")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionRejected:
    """The gate kept a champion. Schema: telltale.PromotionRejected.avsc."""

    model: ModelRef
    against: ModelRef
    comparison_id: str | None
    numbers: ComparisonNumbers | None
    checks: tuple[BudgetCheck, ...]
    because: str
    actor: str


ModelEvent = ModelTrained | ModelsCompared | ModelPromoted | PromotionRejected
"""Events of model-events, of which a line is the fold."""

Decision = ModelPromoted | PromotionRejected


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoteModel:
    """Make a version the champion of its profile; with `force` also against the gate."""

    name: str
    version: int
    because: str
    actor: str
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBackModel:
    """Make the champion before champion again.

    champion: the version that is to be left, such as pump/3; None: whichever is champion. A promotion by somebody else
    in between would otherwise make the rollback go elsewhere than its sender saw.
    """

    name: str
    because: str
    actor: str
    champion: str | None = None


class ModelNotTrained(CommandRejected):
    """The version is not in the log."""


class NothingToRollBackTo(CommandRejected):
    """No version was champion before the one that is."""


class ChampionChanged(CommandRejected):
    """The champion that was to be left is not the champion any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the gate keeps of a comparison."""

    comparison_id: str
    numbers: ComparisonNumbers


Findings = Mapping[tuple[ModelRef, ModelRef], Finding]
"""Of each champion with each challenger the comparison over the most readings, the newest of equals.

So nobody gets round a refusal by comparing again over a stretch of history that suits him.
"""


@dataclass(frozen=True, slots=True)
class Untrained:
    """A line without versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A line with versions, none of them promoted."""

    versions: Mapping[int, ModelRef]
    findings: Findings = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Championed:
    """A line with a champion, and the promotion that made it so.

    succession: champions of each profile (`pump@1`) in the order in which a rollback would undo them, the one in force
    last. Promoting a version that stands in it goes back to it.
    """

    versions: Mapping[int, ModelRef]
    champion: ModelRef
    promotion: ModelPromoted = field(repr=False)
    succession: Mapping[str, tuple[ModelRef, ...]] = field(default_factory=dict)
    findings: Findings = field(default_factory=dict)


ModelLine = Untrained | Trained | Championed


def next_version(line: ModelLine) -> int:
    """Return the ordinal that the next ModelTrained of this line gets."""
    match line:
        case Untrained():
            return 1
        case Trained(versions=versions) | Championed(versions=versions):
            return len(versions) + 1
        case _:
            assert_never(line)


def line_of(event: ModelEvent) -> str:
    """Return the name of the line that an event belongs to."""
    return event.challenger.name if isinstance(event, ModelsCompared) else event.model.name


def champion_of(line: ModelLine, profile: str) -> ModelRef | None:
    """Return the champion of one version of a profile (`pump@1`): models of another can't judge its readings."""
    succession = line.succession.get(profile, ()) if isinstance(line, Championed) else ()
    return succession[-1] if succession else None


def decide(line: ModelLine, command: PromoteModel | RollBackModel) -> tuple[Decision, ...]:
    """Return the events `command` causes in `line`; () if it changes nothing.

    Raises:
        ReasonMissing: `because` is blank.
        ModelNotTrained: the version is not in the log.
        NothingToRollBackTo: no version was champion before.
        ChampionChanged: somebody has replaced the champion that is to be left.
    """
    if not command.because.strip():
        raise ReasonMissing('a promotion needs a reason: --because "…"')
    if isinstance(command, RollBackModel):
        return (_rolled_back(line, command),)
    versions = {} if isinstance(line, Untrained) else line.versions
    model = versions.get(command.version)
    if model is None:
        known = ", ".join(str(ref) for ref in versions.values()) or "none"
        raise ModelNotTrained(f"{command.name}/{command.version} was never trained; trained are: {known}")
    champion = champion_of(line, model.profile)
    if champion == model:
        return ()
    promoted = ModelPromoted(model=model, replaces=champion, because=command.because, actor=command.actor, forced=False)
    if champion is None:
        return (promoted,)
    assert not isinstance(line, Untrained)  # noqa: S101 - it has a champion
    found = line.findings.get((champion, model))
    checks = budget_checks(found.numbers) if found else ()
    finding_id = found.comparison_id if found else None
    if found and within_budgets(checks):
        return (replace(promoted, comparison_id=finding_id),)
    if command.force:
        return (replace(promoted, comparison_id=finding_id, forced=True),)
    rejected = PromotionRejected(
        model=model,
        against=champion,
        comparison_id=finding_id,
        numbers=found.numbers if found else None,
        checks=checks,
        because=command.because,
        actor=command.actor,
    )
    return (rejected,)


def evolve(line: ModelLine, event: ModelEvent) -> ModelLine:
    """Return the line after `event`; never refuses."""
    known = Trained(versions={}) if isinstance(line, Untrained) else line
    match event:
        case ModelTrained(model=model):
            return replace(known, versions={**known.versions, model.version: model})
        case ModelsCompared(champion=champion, challenger=challenger):
            before = known.findings.get((champion, challenger))
            if before is not None and before.numbers.readings > event.numbers.readings:
                return line
            finding = Finding(comparison_id=event.comparison_id, numbers=event.numbers)
            return replace(known, findings={**known.findings, (champion, challenger): finding})
        case ModelPromoted(model=model):
            earlier = known.succession if isinstance(known, Championed) else {}
            return Championed(
                versions=known.versions,
                champion=model,
                promotion=event,
                succession={**earlier, model.profile: _succession(earlier.get(model.profile, ()), model)},
                findings=known.findings,
            )
        case PromotionRejected():
            return line
        case _:
            assert_never(event)


def rolls_back_to(promotions: Iterable[tuple[str, str]]) -> str | None:
    """Return the version that a rollback makes champion again, None when there is none before.

    promotions: profile and version of a line's champions so far, such as ("pump@1", "pump/2"), oldest first.
    """
    successions: dict[str, tuple[str, ...]] = {}
    newest: tuple[str, ...] = ()
    for profile, model in promotions:
        newest = successions[profile] = _succession(successions.get(profile, ()), model)
    return newest[-2] if len(newest) > 1 else None


def _rolled_back(line: ModelLine, command: RollBackModel) -> ModelPromoted:
    if not isinstance(line, Championed):
        raise NothingToRollBackTo(f"{command.name} has no champion: nothing can be undone")
    if command.champion not in {None, str(line.champion)}:
        raise ChampionChanged(
            f"{command.champion} is not champion any more: {line.promotion.actor} put {line.champion} in its place, "
            f"because: {line.promotion.because}",
            because_of=line.promotion,
        )
    succession = line.succession[line.champion.profile]
    if len(succession) == 1:
        raise NothingToRollBackTo(
            f"{line.champion} is the first champion of {line.champion.profile}: there is none before it to go back to",
            because_of=line.promotion,
        )
    return ModelPromoted(
        model=succession[-2],
        replaces=line.champion,
        because=command.because,
        actor=command.actor,
        forced=False,
        rollback=True,
    )


def _succession(before: tuple[Version, ...], model: Version) -> tuple[Version, ...]:
    """Return the champions that rollbacks would go through, newest last; who comes back leaves the later ones out."""
    kept = before[: before.index(model)] if model in before else before
    return (*kept, model)
