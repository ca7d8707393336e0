"""Real and standard data: train on a case's sound rows, judge what follows, beside what others would say of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml.detector import FloatArray
from ml.isolation_forest.detector import KIND as ISOLATION_FOREST
from ml.training.trainer import NotTrainable
from tests.benchmarks.detection.eyes_beside import BESIDE
from tests.benchmarks.detection.eyes_cases import Case, cases_of
from tests.benchmarks.detection.eyes_told import Summary, Told, by_kind, summary, tell
from tests.benchmarks.detection.judging import Stretch, ratios, trained

PANEL = "panel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one case's panel and forest say of its test rows: ratios (n, k), and the names of the panel's columns.

    refused: why nothing could be trained; the panel then judges nothing.
    """

    panel: FloatArray
    kinds: tuple[str, ...]
    forest: FloatArray
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetResult:
    """A set's figures by detector, and by the panel's kinds each alone; by case the panel's."""

    name: str
    summaries: Mapping[str, Summary]
    kinds: Mapping[str, Summary]
    cases: Mapping[str, Told]


def opinion_of(case: Case) -> Opinion:
    """Train on the case's training rows and judge from the first of them, so that the state is warm at the test."""
    try:
        detector = trained([case.training], case.profile)
    except NotTrainable as error:
        nothing = np.full((len(case.test), 1), np.nan)
        return Opinion(panel=nothing, kinds=(PANEL,), forest=nothing, refused=str(error))
    both = Stretch(
        machine=case.test.machine,
        values=np.concatenate([case.training.values, case.test.values]),
        recorded_at_us=np.concatenate([case.training.recorded_at_us, case.test.recorded_at_us]),
    )
    said = ratios(detector, both)[len(case.training) :]
    votes = np.array(detector.votes)
    kinds = tuple(kind for kind, voting in zip(detector.kinds, votes, strict=True) if voting)
    return Opinion(panel=said[:, votes], kinds=kinds, forest=said[:, [detector.kinds.index(ISOLATION_FOREST)]])


def judge_set(folder: Path, name: str, *, only: Sequence[str] = (), on_done: Callable[[str], None]) -> SetResult:
    """Return the figures of every case of the set."""
    told: dict[str, list[Told]] = {}
    of_kinds: dict[str, list[Told]] = {}
    of_cases: dict[str, Told] = {}
    for case in cases_of(folder, name, only=only):
        opinion = opinion_of(case)
        panel = tell(case, opinion.panel, opinion.kinds)
        of_cases[case.name] = panel
        told.setdefault(PANEL, []).append(panel)
        told.setdefault("forest", []).append(tell(case, opinion.forest, (ISOLATION_FOREST,)))
        for beside, judging in BESIDE.items():
            said = judging(case)
            told.setdefault(beside, []).append(tell(case, said, [beside] * said.shape[1]))
        for kind, alone in by_kind(case, opinion.panel, opinion.kinds).items():
            of_kinds.setdefault(kind, []).append(alone)
        on_done(f"{name} {case.name}{': ' + opinion.refused if opinion.refused else ''}")
    return SetResult(
        name=name,
        summaries={detector: summary(each) for detector, each in told.items()},
        kinds={kind: summary(each) for kind, each in of_kinds.items()},
        cases=of_cases,
    )
