"""The same stretches through the whole system: log → scorer → ledger, each under a profile and a panel of its own."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from commands.define_profile import DefineProfile
from domain.profiles import ProfileDefined
from domain.scoring import ReadingsScored
from domain.topics import ANOMALY_EVENTS, DATA_PARTITIONS
from infra.kafka.client.log_range import read_to_end
from infra.sources.reading_table import Measured, Sensor, reading_table
from ml.detector import FloatArray
from ml.panel.options import SHARPER_KINDS
from ml.panel.trainer import PanelTrainer
from ml.scoring.scorer import Scorer
from schemas.codec import decode
from tests.benchmarks.detection.judging import Stretch
from tests.benchmarks.detection.skab_protocol import FIT_ROWS, Judged
from tests.benchmarks.plant import Plant

_COLUMNS = (*SHARPER_KINDS, "isolation_forest")


@dataclass
class ThroughTheLog:
    """Judges stretches on one running stack; call it like `skab_protocol.offline`."""

    plant: Plant
    scorer: Scorer
    _stretches: int = 0

    def __call__(self, profile: ProfileDefined, readings: Stretch) -> FloatArray:
        """Append the fitted rows, train and promote on them, append the rest and return its ratios in the ledger."""
        self._stretches += 1
        defined = self._defined(profile)
        self._append(readings.rows(0, FIT_ROWS), defined)
        before = self.plant.ends()
        self.plant.train_and_promote(PanelTrainer(), profile=defined.name)
        while defined.ref not in {one.model.profile for one in self.scorer._in_force.loaded}:
            self.scorer.step(timeout_s=0.1)
        self._append(readings.rows(FIT_ROWS), defined)
        after = self.plant.ends()
        while any(self.scorer._writing.states[partition].next_offset < end for partition, end in after.items()):
            self.scorer.step(timeout_s=0.1)
        (partition,) = [partition for partition in after if after[partition] > before[partition]]
        return self._ratios(partition, before[partition], after[partition])

    def _defined(self, profile: ProfileDefined) -> ProfileDefined:
        command = DefineProfile(
            name=f"{profile.name}-{self._stretches}",
            channels=profile.channels,
            expected_interval_s=profile.expected_interval_s,
        )
        return self.plant.container().define_profile().handle(command).profile

    def _append(self, readings: Stretch, profile: ProfileDefined) -> None:
        count = len(readings)
        measured = Measured(
            profile=profile,
            sensors=[Sensor(readings.machine, readings.machine)],
            sensor=np.zeros(count, np.intp),
            recorded_at_us=readings.recorded_at_us,
            values=readings.values,
            source="skab",
            injected=pa.nulls(count, pa.bool_()),
            anomaly_type=pa.nulls(count, pa.string()),
        )
        with self.plant.container().appender() as sink:
            sink.append(reading_table(measured))

    def _ratios(self, partition: int, first: int, after: int) -> FloatArray:
        found = np.full((after - first, len(_COLUMNS)), np.nan)
        for batch in read_to_end(self.plant.bootstrap, ANOMALY_EVENTS, partition):
            for value in batch.values:
                event = decode(value, self.plant.contracts)
                if isinstance(event, ReadingsScored) and event.from_offset >= first:
                    rows = slice(event.from_offset - first, event.next_offset - first)
                    for column in event.columns:
                        found[rows, _COLUMNS.index(column.detector)] = column.scores
        return found


@contextmanager
def through_the_log(plant: Plant) -> Iterator[ThroughTheLog]:
    """Start a scorer on the plant; it has all partitions when this is entered."""
    container = plant.container()
    with closing(container.scoring_log()):
        scorer = container.scorer()
        while len(scorer._writing.states) < DATA_PARTITIONS:
            scorer.step(timeout_s=0.1)
        yield ThroughTheLog(plant, scorer)


def differences(offline: list[Judged], system: list[Judged]) -> Mapping[str, float]:
    """Return how far the system is from the offline run: largest difference of a ratio, and unequal verdicts.

    A ratio that only one of the two has is an infinite difference.
    """
    largest, verdicts = 0.0, 0
    for ours, theirs in zip(offline, system, strict=True):
        apart = np.abs(ours.ratios - theirs.ratios)
        apart[np.isnan(ours.ratios) & np.isnan(theirs.ratios)] = 0
        largest = max(largest, float(np.nan_to_num(apart, nan=np.inf).max()))
        verdicts += int(((ours.ratios > 1) != (theirs.ratios > 1)).any(axis=1).sum())
    return {"largest difference of a ratio": largest, "readings judged otherwise": verdicts}
