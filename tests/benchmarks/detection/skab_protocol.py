"""The benchmark's own protocol: fit on a file's first 400 rows, judge the rest, pool all files into one table.

A detector that always alarms reaches F1 .698, so FAR and MAR stand beside it. Placebo: normal operation cut into
windows of 1,100 rows, each treated like a file; what is alarmed there is a false alarm by itself.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ml.detector import BoolArray, FloatArray
from tests.benchmarks.detection.judging import Stretch, abnormal, forest_part, incidents, panel_part, ratios, trained
from tests.benchmarks.detection.skab_files import SkabFile

FIT_ROWS: Final = 400
WINDOW_ROWS: Final = 1_100

PUBLISHED: Final = (
    ("Conv-AE", 0.78, 0.1355, 0.2802),
    ("MSET", 0.78, 0.3973, 0.1413),
    ("T²+Q (PCA)", 0.76, 0.2662, 0.2492),
    ("LSTM-AE", 0.74, 0.2996, 0.2592),
    ("T²", 0.66, 0.1921, 0.4260),
    ("Vanilla AE", 0.39, 0.0259, 0.7515),
    ("Isolation forest", 0.29, 0.0256, 0.8289),
)
"""F1, FAR and MAR that the benchmark publishes of all its 34 files, scored from their first row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkabResult:
    """One detector's figures, all as shares; incidents in normal operation and the machine-days they fell in."""

    f1: float
    far: float
    mar: float
    placebo_far: float
    false_incidents: int
    placebo_days: float


@dataclass(frozen=True, slots=True)
class _Judged:
    """Ratios of one file or window behind its fitted rows, and what is true of them."""

    readings: Stretch
    ratios: FloatArray
    anomalous: BoolArray


def run(files: Sequence[SkabFile], *, on_done: Callable[[str], None]) -> dict[str, SkabResult]:
    """Return the figures of the panel and of the forest alone."""
    labelled = [_judge(file, file.readings, on_done=on_done) for file in files if file.anomalous is not None]
    placebo = [
        _judge(file, window, on_done=on_done)
        for file in files
        if file.anomalous is None
        for window in _windows(file.readings)
    ]
    return {name: _result(labelled, placebo, part) for name, part in (("panel", panel_part), ("forest", forest_part))}


def _windows(readings: Stretch) -> Iterator[Stretch]:
    for start in range(0, len(readings.values) - WINDOW_ROWS + 1, WINDOW_ROWS):
        rows = slice(start, start + WINDOW_ROWS)
        yield Stretch(
            machine=f"{readings.machine} from row {start}",
            values=readings.values[rows],
            recorded_at_us=readings.recorded_at_us[rows],
        )


def _judge(file: SkabFile, readings: Stretch, *, on_done: Callable[[str], None]) -> _Judged:
    fitted = Stretch(
        machine=readings.machine,
        values=readings.values[:FIT_ROWS],
        recorded_at_us=readings.recorded_at_us[:FIT_ROWS],
    )
    detector = trained([fitted], file.profile)
    # From the first row, so that the state behind row 400 is that of a detector which followed the machine there.
    judged = ratios(detector, readings)[FIT_ROWS:]
    on_done(readings.machine)
    truth = np.zeros(len(judged), dtype=np.bool_) if file.anomalous is None else file.anomalous[FIT_ROWS:]
    rest = Stretch(
        machine=readings.machine,
        values=readings.values[FIT_ROWS:],
        recorded_at_us=readings.recorded_at_us[FIT_ROWS:],
    )
    return _Judged(rest, judged, truth)


def _result(
    labelled: Sequence[_Judged], placebo: Sequence[_Judged], part: Callable[[FloatArray], FloatArray]
) -> SkabResult:
    alarms = _joined([abnormal(part(one.ratios)) for one in labelled])
    truth = _joined([one.anomalous for one in labelled])
    hits, missed = int((alarms & truth).sum()), int((~alarms & truth).sum())
    false, quiet = int((alarms & ~truth).sum()), int((~alarms & ~truth).sum())
    shares = [float(abnormal(part(one.ratios)).mean()) for one in placebo]
    return SkabResult(
        f1=2 * hits / max(1, 2 * hits + false + missed),
        far=false / max(1, false + quiet),
        mar=missed / max(1, hits + missed),
        placebo_far=float(np.mean(shares)) if shares else float("nan"),
        false_incidents=sum(incidents(part(one.ratios), one.readings) for one in placebo),
        placebo_days=sum(len(one.ratios) for one in placebo) / 86_400,
    )


def _joined(parts: Sequence[BoolArray]) -> BoolArray:
    return np.concatenate(list(parts)) if parts else np.zeros(0, dtype=np.bool_)
