"""`make skab FILE=…`: one labelled file of the Skoltech benchmark through the whole running system.

The first 400 rows train, the rest is scored: file → log → scorer → read model → API. Printed beside what scikit-learn
alone says of the same rows in a process of its own; exit 1 when they differ.
"""

import csv
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from infra.cli.output import print_table
from infra.settings import load_settings
from ml.isolation_forest.detector import KIND as ISOLATION_FOREST
from ml.isolation_forest.trainer import IsolationForestTrainer

TRAINING_ROWS = 400
TOLERANCE = 1e-6
_REFERENCE = Path(__file__).with_name("reference_forest.py")
_VISIBLE_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Confusion:
    """Rows by truth and verdict."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int

    @classmethod
    def of(cls, abnormal: NDArray[np.bool_], truth: NDArray[np.bool_]) -> "Confusion":
        """Count rows."""
        return cls(
            int((abnormal & truth).sum()),
            int((abnormal & ~truth).sum()),
            int((~abnormal & truth).sum()),
            int((~abnormal & ~truth).sum()),
        )

    def figures(self) -> list[str]:
        """Return the counts, then precision, recall, F1 and false alarm rate FP/(FP+TN)."""
        precision = self.true_positive / max(1, self.true_positive + self.false_positive)
        recall = self.true_positive / max(1, self.true_positive + self.false_negative)
        f1 = 2 * precision * recall / max(1e-12, precision + recall)
        far = self.false_positive / max(1, self.false_positive + self.true_negative)
        counts = (self.true_positive, self.false_positive, self.false_negative, self.true_negative)
        return [*map(str, counts), *(f"{value:.3f}" for value in (precision, recall, f1, far))]


def ingested(file: Path, name: str) -> None:
    """Append the file as machine and profile `name`, training on its first rows; again it adds nothing."""
    telltale = Path(sys.executable).with_name("telltale")
    command = [str(telltale), "ingest", "csv", str(file), "--time", "datetime"]
    command += ["--machine-id", name, "--profile", name, "--labels", "anomaly", "--ignore", "changepoint"]
    command += ["--train-first", str(TRAINING_ROWS), "--detector", ISOLATION_FOREST]
    subprocess.run(command, check=True)


def scores_from_api(name: str, expected: int) -> NDArray[np.float64]:
    """Return the scores of machine `name` behind its training rows, once all rows are visible."""
    settings = load_settings()
    keys = settings.api_keys.get_secret_value()
    headers = {"X-API-Key": keys.split(",")[0].split(":")[2]} if keys else {}
    asked: dict[str, str | int] = {
        "machine_id": name,
        "points": 5000,
        "from": "2000-01-01T00:00:00Z",
        "to": "2100-01-01T00:00:00Z",
    }
    deadline = time.monotonic() + _VISIBLE_WITHIN_S
    with httpx.Client(base_url=settings.api_url, headers=headers) as client:
        while True:
            answer = client.get(f"/sensors/{name}/readings", params=asked)
            series: dict[str, Any] = answer.json() if answer.status_code == httpx.codes.OK else {}
            # A row of nulls with count 0 is a gap.
            pairs = zip(series.get("counts", ()), series.get("scores", ()), strict=True)
            shown = [score for count, score in pairs if count]
            scored = [score for score in shown if score is not None]
            if len(shown) == expected and len(scored) == expected - TRAINING_ROWS:
                return np.array(scored)
            if time.monotonic() > deadline:
                raise TimeoutError(f"the API shows {len(shown)} of {expected} rows, {len(scored)} of them scored")
            time.sleep(0.2)


def main(path: str) -> int:
    """Print both confusion matrices; return 0 when they and the scores agree."""
    file = Path(path)
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    truth = np.array([float(row["anomaly"]) > 0 for row in rows[TRAINING_ROWS:]])
    name = f"skab-{file.parent.name}-{file.stem}"
    ingested(file, name)
    scores = scores_from_api(name, len(rows))
    trainer = IsolationForestTrainer()
    arguments = [str(file), str(TRAINING_ROWS), str(trainer.seed), str(trainer.contamination)]
    ran = subprocess.run([sys.executable, "-I", str(_REFERENCE), *arguments], check=True, capture_output=True)
    reference = np.array(json.loads(ran.stdout)["scores"])
    ours, alone = Confusion.of(scores > 1, truth), Confusion.of(reference > 1, truth)
    difference = float(np.abs(scores - reference).max())
    columns = ["", "TP", "FP", "FN", "TN", "precision", "recall", "F1", "FAR"]
    print_table(
        columns,
        [["telltale", *ours.figures()], ["scikit-learn", *alone.figures()]],
        title=f"{file.name}: {len(truth)} rows",
    )
    same = ours == alone and difference <= TOLERANCE
    print(f"largest difference of a score: {difference:.2e}; {'equal' if same else 'DIFFERENT'}")  # noqa: T201
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
