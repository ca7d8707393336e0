"""What a panel of the second generation sees beyond the first's five kinds, and what ends an alarm."""

import numpy as np
import pytest

from ml.detector import Batch, FloatArray
from ml.panel.detector import PanelDetector, from_artifact
from ml.panel.options import KINDS, SHARPER_KINDS
from ml.panel.trainer import PanelTrainer
from ml.training.trainer import TrainingRows
from tests.unit.ml.panel.machines import PUMP, ROOM, profile, training_rows

TEN_SECONDS = 10_000_000
COLUMN = {kind: place for place, kind in enumerate(SHARPER_KINDS)}


def oven(count: int, *, seed: int = 1) -> FloatArray:
    """Return float64 (count, 2): a temperature that swings between 32 and 79 within an hour or two, and a pressure."""
    rng = np.random.default_rng(seed)
    turns = np.cumsum(rng.uniform(0.6, 1.4, count)) * 2 * np.pi / 500
    swing = 55.5 + 23.5 * np.sin(turns) + 0.3 * rng.normal(size=count)
    return np.column_stack([swing, 100 + 0.1 * rng.normal(size=count)])


def coupled(count: int, *, seed: int, apart: int | None = None) -> FloatArray:
    """Return float64 (count, 4): channels that follow one load; from row `apart` on the second goes its own way."""
    rng = np.random.default_rng(seed)
    load, other = (np.zeros(count) for _ in range(2))
    for row in range(1, count):
        load[row] = 0.99 * load[row - 1] + 0.14 * rng.normal()
        other[row] = 0.99 * other[row - 1] + 0.14 * rng.normal()
    rows: FloatArray = np.outer(load, [1.0, 2.0, -1.5, 0.7]) + 0.05 * rng.normal(size=(count, 4))
    if apart is not None:
        rows[apart:, 1] = 2.0 * other[apart:] + 0.05 * rng.normal(size=count - apart)
    rows += np.array([50.0, 20.0, 10.0, 5.0])
    return rows


def spaced(rows: TrainingRows, step_us: int) -> TrainingRows:
    count = len(rows.values)
    return TrainingRows(
        values=rows.values,
        recorded_at_us=np.arange(count, dtype=np.int64) * step_us,
        partitions=rows.partitions,
        offsets=rows.offsets,
        sensors=rows.sensors,
        sensor_names=rows.sensor_names,
    )


def trained(rows: FloatArray, names: tuple[str, ...], *, interval_s: float) -> PanelDetector:
    """Return the panel of one machine."""
    known = spaced(training_rows([rows]), int(interval_s * 1e6))
    return from_artifact(PanelTrainer().fit(known, profile(names, interval_s=interval_s)).artifact)


def judge(detector: PanelDetector, rows: FloatArray, *, interval_s: float) -> FloatArray:
    readings = Batch(
        values=rows,
        recorded_at_us=np.arange(len(rows), dtype=np.int64) * int(interval_s * 1e6),
        sensors=np.zeros(len(rows), np.int64),
    )
    states = detector.fresh(machine_id="machine-0", sensor_id="main")[np.newaxis]
    return np.nan_to_num(detector.score(readings, states)[0].ratios)


@pytest.fixture(scope="module")
def an_oven() -> PanelDetector:
    return trained(oven(4000), ROOM, interval_s=10)


def test_a_swinging_channel_beyond_all_it_ever_showed_is_in_alarm_for_hours_until_it_comes_back(
    an_oven: PanelDetector,
) -> None:
    rows = oven(5500, seed=2)
    rows[4000:5400, 0] = 100 + np.random.default_rng(3).normal(size=1400)

    outside = judge(an_oven, rows, interval_s=10)[:, COLUMN["outside"]] > 1

    assert not outside[:4000].any()
    assert outside[4025:5400].all()
    assert not outside[5420:].any()


def test_a_level_that_stays_outside_for_days_becomes_the_new_normal(an_oven: PanelDetector) -> None:
    rows = oven(60_000, seed=2)
    rows[4000:, 0] += 60

    ratios = judge(an_oven, rows, interval_s=10)

    assert (ratios[4100:5000, COLUMN["outside"]] > 1).mean() > 0.4
    assert not (ratios[-8640:, : len(KINDS) + 2] > 1).any()


def test_outside_says_how_far_the_channel_might_have_gone(an_oven: PanelDetector) -> None:
    rows = oven(4100, seed=2)
    rows[4000:, 0] = 100.0
    readings = Batch(
        values=rows,
        recorded_at_us=np.arange(len(rows), dtype=np.int64) * TEN_SECONDS,
        sensors=np.zeros(len(rows), np.int64),
    )
    states = an_oven.fresh(machine_id="machine-0", sensor_id="main")[np.newaxis]

    why = an_oven.explain(readings, states, rows=np.array([4090]), kinds=np.array([COLUMN["outside"]]))

    assert 79 < why.expected[0, 0] < 99
    assert int(why.contribution[0].argmax()) == 0


def test_channels_that_no_longer_go_together_are_a_joint_alarm_though_each_keeps_its_range() -> None:
    detector = trained(coupled(7200, seed=1), ("a", "b", "c", "d"), interval_s=1)
    rows = coupled(5400, seed=2, apart=3600)

    ratios = judge(detector, rows, interval_s=1)

    joint = ratios[:, COLUMN["joint"]] > 1
    assert not joint[:3600].any()
    assert joint[3600:].mean() > 0.5
    place = int(np.flatnonzero(joint)[-1])
    readings = Batch(
        values=rows, recorded_at_us=np.arange(5400, dtype=np.int64) * 1_000_000, sensors=np.zeros(5400, np.int64)
    )
    states = detector.fresh(machine_id="machine-0", sensor_id="main")[np.newaxis]
    why = detector.explain(readings, states, rows=np.array([place]), kinds=np.array([COLUMN["joint"]]))
    assert int(why.contribution[0].argmax()) == 1
    assert why.contribution[0].sum() == pytest.approx(1.0)
    expected = 20 + 2.0 * (rows[place, 0] - 50)
    assert abs(why.expected[0, 1] - expected) < abs(rows[place, 1] - expected) / 2


def test_wear_is_written_down_and_calls_nobody(pump: PanelDetector) -> None:
    votes = dict(zip(pump.kinds, pump.votes, strict=True))

    assert not votes["wear"]
    assert votes["joint"]
    assert votes["outside"]
    assert PUMP[0] == "speed"


def test_training_says_what_of_a_channel_is_not_judged_and_why_and_its_working_range() -> None:
    known = spaced(training_rows([oven(4000)[:, :1]]), TEN_SECONDS)

    told = PanelTrainer().fit(known, profile(("temperature",), interval_s=10)).parameters

    assert told["not_at_work_temperature"] == (
        "shift, noise, drift: it wanders more than so short a training can tell; "
        "joint: no second channel is judged beside it"
    )
    low, high = (float(value) for value in told["working_range_temperature"].split(" to "))
    assert 10 < low < 32
    assert 79 < high < 100
