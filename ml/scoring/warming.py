"""What a model newly in force knows of the sensors it will judge: nothing, what it knew, or their last readings.

A detector that begins with nothing is blind until it has settled, and may take what was long there for news. So it
is shown the last readings of the partition first, in silence, out of the log. How far back is written into
ScoringModelChanged, so that whoever verifies a verdict can come to the same state.
"""

from dataclasses import replace
from typing import Final

from ml.scoring.judge import score
from ml.scoring.ports import ReadingDecoding, ScoringHistory
from ml.scoring.state import Known, LoadedModel, ModelState, PartitionState

FRESH: Final = "fresh"
CARRIED: Final = "carried"

READINGS_A_SENSOR: Final = 1000
"""Ten times the memory of the panel's shift, and more than the ten minutes of its drift's level at one a second."""

LEAST_A_SENSOR: Final = 120
"""Twice what the panel needs to settle: of a partition with very many sensors at least so much is read back."""

ORDINARILY: Final = 25_000
"""Offsets read back of a partition: a quarter of a second of scoring, for which the partition's readings wait."""

AT_MOST: Final = 100_000


class Warming:
    """Reads a partition back and lets a model judge it in silence."""

    def __init__(self, history: ScoringHistory, decoding: ReadingDecoding) -> None:
        self._history = history
        self._decoding = decoding

    def begin(self, partition: int, state: PartitionState, loaded: LoadedModel) -> tuple[ModelState, str]:
        """Return how `loaded` begins behind `state`, and the word for it: fresh, carried or warmed(from offset).

        The same bytes put in force again carry on. Else readings from the offset on are judged as if the log began
        there; the order of late and repeated ones follows from them alone.

        Raises:
            LogNotReachable, LogStalled: the log can't be read.
        """
        held = state.models.get(loaded.model.profile)
        if held is not None and held.loaded.model.artifact_sha256 == loaded.model.artifact_sha256:
            return replace(held, loaded=loaded), CARRIED
        start = warm_from(state)
        if loaded.detector.state_size == 0 or start >= state.next_offset:
            return ModelState.fresh(loaded), FRESH
        return self.warmed(partition, start, state, loaded), f"warmed({start})"

    def warmed(self, partition: int, start: int, state: PartitionState, loaded: LoadedModel) -> ModelState:
        """Return `loaded` after the readings from `start` to the end of `state`, for the sensors of `state`."""
        shown = PartitionState(start).with_model(loaded)
        for batch in self._history.records(partition, start, state.next_offset):
            _, shown = score(self._decoding.decode(batch), shown, next_offset=batch.next_offset)
        known, keys = shown.models[loaded.model.profile], tuple(shown.sensors)
        sensors = tuple(state.sensors[keys[sensor]] for sensor in known.sensors)
        return ModelState(loaded, sensors, known.states, Known.nothing(loaded.detector))


def warm_from(state: PartitionState) -> int:
    """Return the offset from which a new model is shown readings: it follows from the state, so from the log."""
    sensors = len(state.sensors)
    span = max(min(sensors * READINGS_A_SENSOR, ORDINARILY), min(sensors * LEAST_A_SENSOR, AT_MOST))
    return max(0, state.next_offset - span)
