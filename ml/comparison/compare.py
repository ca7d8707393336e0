"""Two versions over the same stretch of history, each judging as it would live, and what came of it.

Both begin the stretch without a past and see every reading of it once, in log order, partition by partition, through
the scorer's own pure step. Nothing is read but the log, and nothing depends on how it comes in batches.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.comparison import ComparedRange, ModelsCompared, comparison_id
from domain.models import ModelTrained
from domain.readings import moment_of
from ml.artifact import canonical_json
from ml.comparison.opinions import compared_rows
from ml.comparison.ports import ComparedModels, ComparedReadings, Comparisons, NotComparable, Recorded
from ml.comparison.report import FORM, Findings
from ml.comparison.trained_on import TrainedOn
from ml.detector import Detector
from ml.loading import load_detector
from ml.manifest import CodeIdentity, Selection
from ml.scoring.judge import score
from ml.scoring.state import LoadedModel, PartitionState
from ml.training.ports import ModelNotStored, OnProgress


class Loader(Protocol):
    """Makes a detector of an artifact's bytes."""

    def __call__(self, content: bytes, *, format: str) -> Detector:  # noqa: A002 - the event's own word
        """Return the detector."""


Bounds = Callable[[Selection], Selection]
"""Narrows the selection of all readings down to the history that is meant."""


def everything(selection: Selection) -> Selection:
    """Return the selection as it is: all readings of the profile."""
    return selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The outcome, and where it stands in the log."""

    event: ModelsCompared
    recorded: Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonDesk:
    """Compares versions in `models` over `readings`, keeps the outcome in `comparisons`, in the name of `code`."""

    models: ComparedModels
    readings: ComparedReadings
    comparisons: Comparisons
    code: CodeIdentity
    loader: Loader = load_detector

    def compare(
        self, champion: str, challenger: str, *, on_progress: OnProgress, bounds: Bounds = everything
    ) -> Comparison:
        """Compare two versions (`pump/1`) and append what came of it, once.

        1. Load both from the log. 2. Read the history and judge it twice. 3. Append ModelsCompared, unless the log has
        the same comparison. A crash before the end of 3 leaves nothing behind; the same call again gives the same.

        Raises:
            ModelNotStored: the log has no such version, or lacks its bytes.
            NotComparable: they judge different profiles, or are the same version.
            ReadingsGone: the history is not in the log.
            EventNotAppended, ComparisonContradicted: the log's reasons.
        """
        pair = self._find(champion), self._find(challenger)
        _require_comparable(*pair)
        detectors = [self._load(one) for one in pair]  # Step 1
        selection = bounds(self.readings.everything(pair[0].model.profile))
        self.readings.require(selection)
        findings = self._judge(selection, pair, detectors, on_progress=on_progress)  # Step 2
        event = self._event(selection, pair, detectors, findings)
        return Comparison(event=event, recorded=self.comparisons.append(event))  # Step 3

    def _judge(
        self,
        selection: Selection,
        pair: tuple[ModelTrained, ModelTrained],
        detectors: Sequence[Detector],
        *,
        on_progress: OnProgress,
    ) -> Findings:
        profile = self.readings.profile(selection.profile)
        findings = Findings(profile.expected_interval_s)
        learned = [TrainedOn.of(one) for one in pair]
        total, before = sum(len(stretch) for stretch in selection.ranges), 0
        for stretch in selection.ranges:
            states = [
                PartitionState(stretch.from_offset).with_model(LoadedModel(one.model, 0, detector))
                for one, detector in zip(pair, detectors, strict=True)
            ]
            for readings in self.readings.read(selection.topic, stretch):
                if not len(readings):
                    continue
                next_offset = int(readings.offsets[-1]) + 1
                judgements = []
                for place, state in enumerate(states):
                    judgement, states[place] = score(readings, state, next_offset=next_offset)
                    judgements.append(judgement)
                rows = compared_rows(
                    readings, *judgements, bounds_us=(selection.recorded_from_us, selection.recorded_before_us)
                )
                if rows is not None:
                    findings.add(rows, trained_on=(learned[0].count(rows), learned[1].count(rows)))
                on_progress(before + next_offset - stretch.from_offset, total)
            before += len(stretch)
            on_progress(before, total)
        return findings

    def _event(
        self,
        selection: Selection,
        pair: tuple[ModelTrained, ModelTrained],
        detectors: Sequence[Detector],
        findings: Findings,
    ) -> ModelsCompared:
        numbers, report = findings.close()
        text = canonical_json(report)
        ranges = tuple(
            ComparedRange(partition=one.partition, from_offset=one.from_offset, next_offset=one.next_offset)
            for one in selection.ranges
        )
        runtime = " · ".join(detector.runtime for detector in detectors)
        bounds = _moment(selection.recorded_from_us), _moment(selection.recorded_before_us)
        return ModelsCompared(
            comparison_id=comparison_id(
                champion=pair[0].model,
                challenger=pair[1].model,
                source_topic_id=selection.topic_id,
                ranges=ranges,
                bounds=bounds,
                program=canonical_json([FORM, self.code.code_version, self.code.lock_sha256, runtime]),
            ),
            champion=pair[0].model,
            challenger=pair[1].model,
            source_topic=selection.topic,
            source_topic_id=selection.topic_id,
            ranges=ranges,
            recorded_from=bounds[0],
            recorded_before=bounds[1],
            numbers=numbers,
            report=text,
            report_sha256=hashlib.sha256(text.encode()).hexdigest(),
            code_version=self.code.code_version,
            runtime=runtime,
        )

    def _find(self, version: str) -> ModelTrained:
        for trained in self.models.trained():
            if str(trained.model) == version:
                return trained
        raise ModelNotStored(f"{version} was never trained: telltale models list shows those that were")

    def _load(self, trained: ModelTrained) -> Detector:
        form, content = self.models.content(trained.model.artifact_sha256)
        return self.loader(content, format=form)


def _require_comparable(champion: ModelTrained, challenger: ModelTrained) -> None:
    if champion.model == challenger.model:
        raise NotComparable(f"{champion.model} and {challenger.model} are the same version")
    if champion.model.profile != challenger.model.profile:
        raise NotComparable(
            f"{champion.model} judges {champion.model.profile} and {challenger.model} judges "
            f"{challenger.model.profile}: no reading is both, so there is nothing to compare"
        )


def _moment(at_us: int | None) -> datetime | None:
    return None if at_us is None else moment_of(at_us)
