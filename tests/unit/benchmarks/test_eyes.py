"""The benchmark on sets of real data reads cases and counts alarms as it says."""

import json
from pathlib import Path

import numpy as np
import pytest

from domain.incident_rule import Ends, Episode, JudgedReading, MachineWatch, Opens, Quiet, quiet_for, watch
from domain.readings import moment_of
from ml.detector import FloatArray
from tests.benchmarks.detection.eyes_beside import BESIDE
from tests.benchmarks.detection.eyes_cases import Case, cases_of, sets_of
from tests.benchmarks.detection.eyes_told import incidents_of, summary, tell

KINDS = ("spike", "shift")


def a_folder(root: Path, *, rows: int = 600, interval_s: int = 1) -> Path:
    rng = np.random.default_rng(3)
    meta = {
        "set": "rig",
        "name": "one",
        "interval_s": interval_s,
        "channels": ["a", "b"],
        "conditions": [],
        "contiguous": True,
    }
    times = np.arange(2 * rows, dtype=np.int64) * interval_s * 1_000_000
    label = np.zeros(rows, dtype=bool)
    label[400:500] = True
    (root / "rig").mkdir()
    np.savez(
        root / "rig" / "one.npz",
        meta=json.dumps(meta),
        train=rng.standard_normal((rows, 2)),
        train_t=times[:rows],
        test=rng.standard_normal((rows, 2)),
        test_t=times[rows:],
        label=label,
    )
    return root


def the_case(root: Path, *, interval_s: int = 1) -> Case:
    (case,) = cases_of(a_folder(root, interval_s=interval_s), "rig")
    return case


def by_the_rule(ratios: FloatArray, case: Case) -> list[tuple[int, int]]:
    """Return incidents as the rule itself makes them, reading by reading."""
    state: MachineWatch = Quiet()
    found: list[int] = []
    for row, ratio in enumerate(ratios):
        scores = {kind: float(ratio[column]) for column, kind in enumerate(KINDS) if ratio[column] > 1}
        at = moment_of(int(case.test.recorded_at_us[row]))
        quiet = quiet_for(case.profile.expected_interval_s)
        steps, state = watch(state, JudgedReading(sensor_id="one", recorded_at=at, scores=scores), quiet=quiet)
        found += [int(step.at.timestamp() * 1e6) for step in steps if isinstance(step, Opens | Ends)]
    if isinstance(state, Episode):
        found.append(int(state.last_alarm_at.timestamp() * 1e6))
    return list(zip(found[::2], found[1::2], strict=True))


def test_a_folder_of_cases_is_read_with_what_is_sound_and_what_is_not(tmp_path: Path) -> None:
    case = the_case(tmp_path)

    assert sets_of(tmp_path) == ["rig"]
    assert case.profile.channel_names == ("a", "b")
    assert (len(case.training), len(case.test)) == (600, 600)
    assert int(case.fault.sum()) == 100
    assert int(case.sound.sum()) == 500


@pytest.mark.parametrize("interval_s", [1, 60, 3600])
def test_incidents_of_whole_columns_are_those_of_the_rule(tmp_path: Path, interval_s: int) -> None:
    case = the_case(tmp_path, interval_s=interval_s)
    rng = np.random.default_rng(interval_s)
    ratios = np.where(rng.random((600, 2)) < [0.004, 0], 1.5, 0.5)
    for start in rng.integers(0, 560, 5):
        ratios[start : start + int(rng.integers(5, 40)), 1] = 1.2

    found = incidents_of(ratios, KINDS, case.test.recorded_at_us, interval_s=interval_s)

    assert found == by_the_rule(ratios, case)
    assert found


def test_an_alarm_that_stood_before_the_fault_has_not_found_it(tmp_path: Path) -> None:
    case = the_case(tmp_path)
    ratios = np.full((600, 2), 0.5)
    ratios[300:420, 0] = 2
    ratios[450:, 1] = 2

    told = tell(case, ratios, KINDS)

    assert told.delays_s == (59,)
    assert told.found_rows == 70
    assert told.false_rows == 200
    assert told.false_incidents == 0
    assert summary([told]).recall == pytest.approx(0.7)


def test_those_beside_judge_every_row_and_keep_near_their_one_percent(tmp_path: Path) -> None:
    case = the_case(tmp_path)

    for name, judging in BESIDE.items():
        ratios = judging(case)
        assert ratios.shape[0] == 600, name
        assert np.isfinite(ratios).all(), name
        assert (ratios > 1).any(axis=1).mean() < 0.1, name
