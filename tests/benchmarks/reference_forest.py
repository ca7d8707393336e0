"""The comparison for `make skab`: scikit-learn alone on one labelled file, in a process that imports nothing of ours.

Usage: python -I reference_forest.py FILE ROWS SEED CONTAMINATION
Fits on the first ROWS rows, prints {"scores": […]} for the others: −score_samples divided by the (1 − CONTAMINATION)
quantile of the training rows' own.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np
from sklearn.ensemble import IsolationForest

NO_FEATURES = {"datetime", "anomaly", "changepoint"}


def main(file: str, rows: int, seed: int, contamination: float) -> None:
    """Print the scores."""
    with Path(file).open(encoding="utf-8", newline="") as lines:
        table = list(csv.DictReader(lines, delimiter=";"))
    channels = [name for name in table[0] if name not in NO_FEATURES]
    features = np.array([[float(row[name]) for name in channels] for row in table])
    forest = IsolationForest(n_estimators=100, max_samples=256, random_state=seed).fit(features[:rows])
    threshold = np.quantile(-forest.score_samples(features[:rows]), 1 - contamination)
    scores = -forest.score_samples(features[rows:]) / threshold
    sys.stdout.write(json.dumps({"scores": scores.tolist()}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
