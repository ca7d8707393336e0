"""What a comparison is written down as: the gate's numbers, and a report of all else that was counted."""

from dataclasses import asdict
from typing import Final

from domain.comparison import ComparisonNumbers
from ml.artifact import Json
from ml.comparison.episodes import Episodes
from ml.comparison.flips import WorstFlips
from ml.comparison.machine_time import MachineTime
from ml.comparison.opinions import ComparedRows
from ml.comparison.sample import ScoreSample
from ml.comparison.score_shift import LEAST_SCORE, ScoreShift
from ml.comparison.tally import Tally

FORM: Final = 2
"""Version of the report's form and of the rules that it counts by: another one makes another comparison."""


class Findings:
    """Everything that is counted over one history, fed batch by batch; its size does not grow with readings."""

    def __init__(self, expected_interval_s: float) -> None:
        self._tally: Final = Tally()
        self._episodes: Final = Episodes(expected_interval_s)
        self._time: Final = MachineTime(expected_interval_s)
        self._shift: Final = ScoreShift()
        self._flips: Final = WorstFlips()
        self._sample: Final = ScoreSample()
        self._trained_on = [0, 0]

    def add(self, rows: ComparedRows, *, trained_on: tuple[int, int]) -> None:
        """Take in rows in log order; trained_on: how many of them champion and challenger learned from."""
        for part in (self._tally, self._episodes, self._time, self._shift, self._flips, self._sample):
            part.add(rows)
        self._trained_on = [before + now for before, now in zip(self._trained_on, trained_on, strict=True)]

    def close(self) -> tuple[ComparisonNumbers, dict[str, Json]]:
        """Return numbers and report of what was taken in; to be called once."""
        self._episodes.close()
        numbers = self._numbers()
        return numbers, self._report(numbers)

    def _numbers(self) -> ComparisonNumbers:
        tally, episodes = self._tally, self._episodes
        return ComparisonNumbers(
            readings=tally.all.readings,
            healthy_readings=tally.healthy.readings,
            changed_healthy_readings=tally.healthy.gained + tally.healthy.lost,
            champion_judged=tally.judged[0],
            challenger_judged=tally.judged[1],
            machine_days=self._time.days,
            champion_incidents=episodes.opened(0),
            challenger_incidents=episodes.opened(1),
            champion_unexplained_incidents=episodes.unexplained(0),
            challenger_unexplained_incidents=episodes.unexplained(1),
            labelled_faults=episodes.faults,
            champion_found=episodes.found[0],
            challenger_found=episodes.found[1],
            lost_labelled_faults=episodes.lost,
        )

    def _report(self, numbers: ComparisonNumbers) -> dict[str, Json]:
        tally, episodes = self._tally, self._episodes
        named = episodes.faults_as_json()
        labelled = tally.faulty_rows + tally.healthy_rows
        return {
            "form": FORM,
            "decisions": tally.all.as_json(),
            "healthy": tally.healthy.as_json(),
            "trained_on": {"champion": self._trained_on[0], "challenger": self._trained_on[1]},
            "machines": tally.machines_as_json(episodes.incidents()),
            "kinds": {kind: asdict(counts) for kind, counts in tally.kinds.items()},
            "labels": {label: counts.as_json() for label, counts in tally.labels.items()},
            "incidents_opened_by": {"champion": dict(episodes.kinds[0]), "challenger": dict(episodes.kinds[1])},
            "score_shift": {
                "readings": self._shift.readings,
                "least_score": LEAST_SCORE,
                "quantiles": dict(self._shift.quantiles()),
            },
            "scores": self._sample.as_json(),
            "truth": {
                "faulty_readings": tally.faulty_rows,
                "healthy_readings": tally.healthy_rows,
                "champion": tally.truth[0].as_json(tally.faulty_rows, tally.healthy_rows),
                "challenger": tally.truth[1].as_json(tally.faulty_rows, tally.healthy_rows),
            }
            if labelled
            else None,
            "faults": {"named": named, "others": numbers.labelled_faults - len(named)},
            "flips": self._flips.as_json(),
        }
