"""An old verdict held against everything it follows from: a list of checks, each with both sides.

Nothing is believed but the log. A check that can't be made is told as such and is never an equal one.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from domain.anomalies import AnomalyDetected, verdict_id
from domain.models import ModelTrained
from domain.positions import Position
from domain.scoring import ReadingsScored
from domain.topics import MODEL_EVENTS
from ml.lineage.lineage import Lineage
from ml.lineage.ports import LineageLog
from ml.lineage.replay import JudgedAgain, NotReplayable, StoredModels, judge_again, runtime_of
from ml.lineage.same import same_bits, same_decision, same_number
from ml.scoring.ports import ModelUnloadable, ReadingDecoding


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One comparison; `equal` is None when it could not be made, and then `found` says why."""

    what: str
    equal: bool | None
    recorded: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """All checks of a verdict; it is verified when none of them differs and the reading was judged again."""

    checks: tuple[Check, ...]
    judged_again: JudgedAgain | None
    same_runtime: bool | None

    @property
    def equal(self) -> bool:
        """Return whether the verdict holds."""
        return self.judged_again is not None and all(check.equal is not False for check in self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """A verdict as a read model tells it; `passed`: it has read past the verdict, so that a row must be there."""

    verdict: AnomalyDetected | None
    passed: bool


class Verifier:
    """Judges verdicts again and compares."""

    def __init__(self, log: LineageLog, decoding: ReadingDecoding) -> None:
        self._log = log
        self._decoding = decoding

    def verify(self, lineage: Lineage, row: StoredRow | None) -> Verification:
        """Return every check of a verdict; `row` is None when no read model was asked."""
        models = StoredModels(self._log)
        event = lineage.verdict.event
        checks = [*_row_checks(event, row), *_reading_checks(lineage), *_model_checks(lineage, models)]
        checks += _ledger_checks(lineage, self._log)
        again, same_runtime = None, None
        try:
            again = judge_again(event, lineage.verdict.position, log=self._log, models=models, decoding=self._decoding)
        except (NotReplayable, ModelUnloadable) as error:
            checks.append(Check(what="score", equal=None, recorded=repr(event.score), found=f"not judged: {error}"))
        checks.append(_promotion_check(lineage, again))
        if again is not None:
            same_runtime = self._same_runtime(lineage, again)
            checks += _score_checks(event, again, same_runtime=same_runtime)
        return Verification(checks=tuple(checks), judged_again=again, same_runtime=same_runtime)

    def _same_runtime(self, lineage: Lineage, again: JudgedAgain) -> bool:
        """Return whether numbers must be equal to the bit; those that are need no look at what scored then."""
        event = lineage.verdict.event
        if same_bits(event.score, again.ratio) and same_bits(event.raw_score, again.raw):
            return True
        then = runtime_of(event.model, lineage.verdict.position, self._log)
        return then is None or then == again.runtime


def _row_checks(event: AnomalyDetected, row: StoredRow | None) -> Iterator[Check]:
    """Hold the read model's row against the log, field by field."""
    if row is None:
        yield Check(what="row in the read model", equal=None, recorded="", found="no read model was asked")
        return
    if row.verdict is None:
        found = "no row" if row.passed else "not there yet"
        yield Check(
            what="row in the read model", equal=False if row.passed else None, recorded=str(event.event_id), found=found
        )
        return
    different = [
        Check(what=f"row in the read model: {name}", equal=False, recorded=_said(told), found=_said(stored))
        for name, told, stored in _fields(event, row.verdict)
        if not _same_field(told, stored)
    ]
    yield from different
    if not different:
        yield Check(what="row in the read model", equal=True, recorded=repr(event.score), found=repr(row.verdict.score))


def _reading_checks(lineage: Lineage) -> Iterator[Check]:
    event, reading = lineage.verdict.event, lineage.reading
    if reading is None or lineage.reading_position is None:
        yield Check(
            what="reading", equal=False, recorded=str(event.reading_event_id), found=f"none at {event.reading_position}"
        )
        return
    yield _equal("reading", event.reading_event_id, reading.event_id)
    yield _equal("measurements", dict(event.measurements), dict(reading.measurements))
    yield _equal("verdict's id", event.event_id, verdict_id(lineage.reading_position, event.model.artifact_sha256))


def _model_checks(lineage: Lineage, models: StoredModels) -> Iterator[Check]:
    model = lineage.verdict.event.model
    found = models.sha256(model.artifact_sha256)
    yield Check(
        what="model's bytes",
        equal=found == model.artifact_sha256,
        recorded=f"sha256 {model.artifact_sha256}",
        found="not in model-artifacts" if found is None else f"sha256 {found}",
    )
    if lineage.trained is None or not isinstance(lineage.trained.event, ModelTrained):
        yield Check(what="training", equal=False, recorded=str(model), found="no ModelTrained in model-events")
        return
    trained = lineage.trained.event
    yield _equal("manifest", trained.manifest_sha256, hashlib.sha256(trained.manifest.encode()).hexdigest())


def _promotion_check(lineage: Lineage, again: JudgedAgain | None) -> Check:
    """Hold the promotion that the scorer recorded when it changed to the model against model-events.

    Where the reading can't be judged again nothing says which change put the model into force: then only a model
    that was never promoted before its verdict is told.
    """
    model = lineage.verdict.event.model
    if again is None:
        found = "none before the verdict" if lineage.promotion is None else str(lineage.promotion.position)
        equal = False if lineage.promotion is None else None
        return Check(what="promotion", equal=equal, recorded=str(model), found=found)
    named = str(Position(MODEL_EVENTS, 0, again.promoted_at))
    equal = any(str(one.position) == named for one in lineage.promotions)
    found = ", ".join(str(one.position) for one in lineage.promotions) or "no promotion of it in model-events"
    return Check(what="promotion", equal=equal, recorded=f"{model} by {named}", found=named if equal else found)


def _ledger_checks(lineage: Lineage, log: LineageLog) -> Iterator[Check]:
    event, reading = lineage.verdict.event, lineage.reading_position
    ledger = None if reading is None else log.ledger(lineage.verdict.position, reading=reading)
    if ledger is None or reading is None:
        yield Check(what="score ledger", equal=False, recorded=repr(event.score), found="no ledger speaks of it")
        return
    scored = ledger_score(ledger, reading.offset, event.kind)
    yield Check(
        what="score ledger",
        equal=scored is not None and same_bits(scored, event.score) and reading.offset in ledger.abnormal,
        recorded=repr(event.score),
        found="none" if scored is None else repr(scored),
    )


def ledger_score(ledger: ReadingsScored, offset: int, kind: str) -> float | None:
    """Return what a ledger says that `kind` gave the reading at `offset`; None when it has no such column."""
    for column in ledger.columns:
        if column.detector == kind:
            return column.scores[offset - ledger.from_offset]
    return None


def _score_checks(event: AnomalyDetected, again: JudgedAgain, *, same_runtime: bool) -> Iterator[Check]:
    """Hold what was recorded against what the model says now (PROTOCOLS 9)."""
    for what, recorded, found in (("score", event.score, again.ratio), ("raw score", event.raw_score, again.raw)):
        same = same_number(recorded, found, same_runtime=same_runtime)
        yield Check(what=what, equal=same, recorded=repr(recorded), found=repr(found))
    yield Check(
        what="decision",
        equal=same_decision(event.score, abnormal=again.abnormal, same_runtime=same_runtime),
        recorded="abnormal",
        found="abnormal" if again.abnormal else "not abnormal",
    )
    if again.verdict is None:
        return
    for what in ("expected", "contribution"):
        told: Mapping[str, float] = getattr(event, what)
        now: Mapping[str, float] = getattr(again.verdict, what)
        same = told.keys() == now.keys() and all(
            same_number(told[channel], now[channel], same_runtime=same_runtime) for channel in told
        )
        yield Check(what=what, equal=same, recorded=_said(dict(told)), found=_said(dict(now)))
    yield _equal("model", event.model, again.verdict.model)


def _fields(one: AnomalyDetected, other: AnomalyDetected) -> Iterator[tuple[str, object, object]]:
    for field in fields(AnomalyDetected):
        yield field.name, getattr(one, field.name), getattr(other, field.name)


def _same_field(told: object, stored: object) -> bool:
    if isinstance(told, float) and isinstance(stored, float):
        return same_bits(told, stored)
    if isinstance(told, Mapping) and isinstance(stored, Mapping):
        return dict(told) == dict(stored)
    return told == stored


def _equal(what: str, recorded: object, found: object) -> Check:
    return Check(what=what, equal=recorded == found, recorded=_said(recorded), found=_said(found))


def _said(value: object) -> str:
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_said(part)}" for name, part in value.items())
    if isinstance(value, tuple):
        return ", ".join(map(_said, value))
    return str(value)
