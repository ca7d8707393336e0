"""The picture of a model's training scores: how many readings scored how much, and where the threshold stands."""

import io
from collections.abc import Sequence

import numpy as np

from ml.detector import IntArray
from ml.training.histogram import BINS, BINS_A_RATIO


def score_plot(model: str, kinds: Sequence[str], counts: IntArray) -> bytes:
    """Return a PNG with one histogram per kind; the same counts give the same bytes. counts: int64 array (k, BINS)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - slow, and a run is drawn once
    from matplotlib.figure import Figure  # noqa: PLC0415 - likewise

    figure = Figure(figsize=(8, 2.4 * len(kinds) + 0.6), layout="constrained")
    FigureCanvasAgg(figure)
    edges = np.arange(BINS + 1) / BINS_A_RATIO
    for row, (kind, bins) in enumerate(zip(kinds, counts, strict=True)):
        axes = figure.add_subplot(len(kinds), 1, row + 1)
        axes.stairs(bins, edges, fill=True, color="#4c78a8")
        axes.axvline(1.0, color="#c0392b", linewidth=1)
        axes.set_title(f"{model}  {kind}", loc="left", fontsize=10)
        axes.set_xlabel("score = raw score / threshold; abnormal above 1 (red)")
        axes.set_ylabel("training readings")
        axes.spines[["top", "right"]].set_visible(False)
        above = int(bins[BINS_A_RATIO:].sum())
        axes.text(0.99, 0.9, f"{above:,} of {int(bins.sum()):,} at 1 or above", ha="right", transform=axes.transAxes)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110, metadata={"Software": None})
    return picture.getvalue()
