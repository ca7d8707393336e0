"""The detection benchmark reads what it should and counts as it says."""

import json
from pathlib import Path

import numpy as np

from infra.sources.simulator.faults import FaultKind
from tests.benchmarks.detection.figures import figure, join
from tests.benchmarks.detection.fleet import episodes, fleet
from tests.benchmarks.detection.judging import every_second, incidents
from tests.benchmarks.detection.skab_files import read_folder

SKAB = """datetime;Flow;Current;anomaly;changepoint
2020-03-09 10:14:33;32.0;1.3;0.0;0.0
2020-03-09 10:14:34;31.0;1.4;1.0;1.0
2020-03-09 10:14:36;30.5;1.5;1.0;0.0
"""


def test_labels_are_never_features_and_a_file_without_them_is_normal_operation(tmp_path: Path) -> None:
    (tmp_path / "valve").mkdir()
    (tmp_path / "valve" / "1.csv").write_text(SKAB)
    (tmp_path / "quiet.csv").write_text("datetime;Flow\n2020-03-09 10:14:33;1\n2020-03-09 10:14:34;2\n")

    quiet, labelled = read_folder(tmp_path)

    assert quiet.anomalous is None
    assert labelled.name == "valve/1"
    assert labelled.profile.channel_names == ("Flow", "Current")
    assert labelled.readings.values.tolist() == [[32.0, 1.3], [31.0, 1.4], [30.5, 1.5]]
    assert np.diff(labelled.readings.recorded_at_us).tolist() == [1_000_000, 2_000_000]
    assert labelled.anomalous is not None
    assert labelled.anomalous.tolist() == [False, True, True]


def test_a_figure_holds_when_its_goal_is_met_and_one_that_was_not_measured_holds_nothing() -> None:
    assert figure("a", 0.9, unit="share", beside=("forest", 0.3), at_least=0.8).holds is True
    assert figure("a", 0.2, unit="share", at_most=0.1).holds is False
    assert figure("a", 0.9, unit="share").holds is None
    unknown = figure("a", float("nan"), unit="s", at_most=1.0)
    assert (unknown.value, unknown.holds) == (None, False)


def test_figures_join_those_of_other_benchmarks_and_replace_their_own(tmp_path: Path) -> None:
    file = tmp_path / "build" / "bench.json"
    join([figure("ours", 1.0, unit="s")], file)
    held = json.loads(file.read_text())
    file.write_text(json.dumps([{"name": "theirs", "value": 5}, *held]))

    join([figure("ours", 2.0, unit="s")], file)

    assert [(entry["name"], entry["value"]) for entry in json.loads(file.read_text())] == [("theirs", 5), ("ours", 2.0)]


def test_incidents_are_counted_by_the_rule() -> None:
    ratios = np.full((3000, 7), 0.5)
    ratios[100, 0] = 1.2
    ratios[200:205, 1] = 1.2
    ratios[2000:2010, 1] = 1.2

    assert incidents(ratios, every_second("pump-1", np.zeros((3000, 2)))) == 2


def test_an_episode_is_healthy_until_its_onset() -> None:
    episode = next(episodes(FaultKind.STUCK, large=True, seed=400))

    assert episode.place in fleet(400)
    held = np.diff(episode.readings.values[episode.onset - 1 : episode.onset + 1700], axis=0) == 0
    assert held.all(axis=0).sum() == 1
    assert len(episode.readings.values) == episode.onset + 3600
