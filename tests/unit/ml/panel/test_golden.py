"""Scores of a first-generation panel are those of the detection study's own program, which no code here stems from.

study_numbers.json holds what that program said of the rows in studied.py, never what this code said: per case its
thresholds, the judged machine's own numbers (in the order of the personal fields in `ml.panel.tables`), stretches
[first, after) behind the gate and in alarm, incidents [opened, last alarm], each kind's scores added up over all judged
rows, and its scores on some: every 400th, the first in alarm and each kind's highest. Other rows need the study's
numbers anew.

One number differs on purpose (docs/models.md): on fewer than 3,600 rows all channels share the highest of their shift's
thresholds. Such a case is scored with the study's thresholds, so that all the rest is held to it.
"""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from domain.incident_rule import Ends, Episode, JudgedReading, MachineWatch, Opens, Quiet, watch
from domain.readings import moment_of
from ml.detector import BoolArray, FloatArray
from ml.panel.kernel import Findings
from ml.panel.options import FIRST_GENERATION, KINDS, pace_of
from ml.panel.passes import scan
from ml.panel.rows import whole
from ml.panel.training import Trained, train_panel
from ml.panel.verdict import kinds_at_work, ratios_of
from tests.unit.ml.panel.machines import SECOND
from tests.unit.ml.panel.studied import Case, cases

STUDY: Final = json.loads((Path(__file__).parent / "study_numbers.json").read_text(encoding="utf-8"))
TOLERANCE: Final = 1e-9


@cache
def judged_here(name: str) -> tuple[Trained, Findings]:
    """Return what this code makes of a case: the trained panel, and what it finds in the judged rows."""
    case = cases()[name]
    options, channels = FIRST_GENERATION, case.judged.shape[1]
    trained = train_panel(
        [whole(f"machine-{place}", rows) for place, rows in enumerate(case.training)],
        np.array(case.drivers, dtype=np.int64),
        options=options,
        interval_s=case.interval_s,
    )
    pace = pace_of(options, interval_s=case.interval_s, channels=channels)
    tables = trained.tables
    if is_short(case):
        tables = tables._replace(shift_limit=np.array(STUDY[name]["limits"]["shift_limit"]))
    return trained, scan(whole("judged", case.judged), trained.numbers[case.machine], tables=tables, pace=pace)


def is_short(case: Case) -> bool:
    """Return whether the training has too few rows for a tail of the shift's levels."""
    return max(len(rows) for rows in case.training) < FIRST_GENERATION.full_rows


def stretches(flags: BoolArray) -> list[list[int]]:
    """Return [first, after) of every stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return edges.reshape(-1, 2).tolist()


def same(ours: FloatArray, study: object, what: str) -> None:
    np.testing.assert_allclose(ours, np.asarray(study), rtol=TOLERANCE, atol=TOLERANCE, err_msg=what)


@pytest.mark.parametrize("name", STUDY)
def test_thresholds_and_each_sensors_own_numbers_are_the_studys(name: str) -> None:
    trained, _ = judged_here(name)

    for limit, values in STUDY[name]["limits"].items():
        expected = np.array(values)
        if limit == "shift_limit" and is_short(cases()[name]):
            tables = trained.tables
            expected[tables.judged] = expected[tables.judged & ~tables.wanders].max()
        same(getattr(trained.tables, limit), expected, limit)
    same(trained.numbers[cases()[name].machine], STUDY[name]["numbers"], "numbers")


@pytest.mark.parametrize("name", STUDY)
def test_scores_on_equal_rows_are_the_studys_and_so_is_every_single_alarm(name: str) -> None:
    _, found = judged_here(name)
    study = STUDY[name]

    assert stretches(~found.judged) == study["gated"]
    assert {kind: stretches(found.alarms[:, column]) for column, kind in enumerate(KINDS)} == study["alarms"]
    same(found.ratios[[int(row) for row in study["scores"]], : len(KINDS)], list(study["scores"].values()), "scores")
    same(found.ratios[found.judged].sum(axis=0)[: len(KINDS)], study["totals"], "scores added up")


@pytest.mark.parametrize("name", STUDY)
def test_incidents_on_equal_rows_are_the_studys(name: str) -> None:
    trained, found = judged_here(name)
    own = slice(len(KINDS))
    at_work = kinds_at_work(trained.tables, trained.numbers, trained.sharper)[own]
    ratios = ratios_of(found, own, at_work)
    state: MachineWatch = Quiet()
    moments: list[datetime] = []

    for row in np.flatnonzero(found.judged).tolist():
        scores = {kind: float(ratios[row, column]) for column, kind in enumerate(KINDS) if ratios[row, column] > 1}
        at = moment_of((row + 1) * SECOND)
        steps, state = watch(state, JudgedReading(sensor_id="judged", recorded_at=at, scores=scores))
        moments += [step.at for step in steps if isinstance(step, Opens | Ends)]
    if isinstance(state, Episode):
        moments.append(state.last_alarm_at)

    rows = [int(moment.timestamp()) - 1 for moment in moments]
    assert [list(incident) for incident in zip(rows[::2], rows[1::2], strict=True)] == STUDY[name]["incidents"]


def test_the_studys_rows_hold_every_kind_of_alarm() -> None:
    for kind in KINDS:
        assert any(study["alarms"][kind] for study in STUDY.values())
