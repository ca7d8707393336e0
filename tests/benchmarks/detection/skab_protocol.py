"""The benchmark's own protocol: fit on a file's first 400 rows, judge the rest, pool all files into one table.

A detector that always alarms reaches F1 .698, so FAR and MAR stand beside it. Placebo: normal operation cut into
windows of 1,100 rows, each treated like a file; what is alarmed there is a false alarm by itself.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from domain.profiles import ProfileDefined
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
class Judged:
    """Ratios of one file or window behind its fitted rows, and what is true of them; a window has no labels."""

    readings: Stretch
    ratios: FloatArray
    anomalous: BoolArray
    labelled: bool


Judging = Callable[[ProfileDefined, Stretch], FloatArray]
"""Fits a panel on a stretch's first FIT_ROWS rows; returns the ratios of the others: float64 (n - FIT_ROWS, 9)."""


def offline(profile: ProfileDefined, readings: Stretch) -> FloatArray:
    """Judge without the log."""
    detector = trained([readings.rows(0, FIT_ROWS)], profile)
    # From the first row, so that the state behind row 400 is that of a detector which followed the machine there.
    return ratios(detector, readings)[FIT_ROWS:]


def judged(files: Sequence[SkabFile], judging: Judging, *, on_done: Callable[[str], None]) -> list[Judged]:
    """Return every labelled file, and every window of the others, as `judging` sees them."""
    found = []
    for file in files:
        for readings in [file.readings] if file.anomalous is not None else _windows(file.readings):
            said = judging(file.profile, readings)
            truth = np.zeros(len(said), dtype=np.bool_) if file.anomalous is None else file.anomalous[FIT_ROWS:]
            found.append(Judged(readings.rows(FIT_ROWS), said, truth, labelled=file.anomalous is not None))
            on_done(readings.machine)
    return found


def results(found: Sequence[Judged]) -> dict[str, SkabResult]:
    """Return the figures of the panel and of the forest alone."""
    return {name: _result(found, part) for name, part in (("panel", panel_part), ("forest", forest_part))}


def _windows(readings: Stretch) -> Iterator[Stretch]:
    for start in range(0, len(readings) - WINDOW_ROWS + 1, WINDOW_ROWS):
        yield replace(readings.rows(start, start + WINDOW_ROWS), machine=f"{readings.machine} from row {start}")


def _result(found: Sequence[Judged], part: Callable[[FloatArray], FloatArray]) -> SkabResult:
    labelled = [one for one in found if one.labelled]
    placebo = [one for one in found if not one.labelled]
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
