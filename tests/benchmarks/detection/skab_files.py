"""Files in the format of the Skoltech Anomaly Benchmark: `;`-separated, labels in their own columns, never features."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from domain.profiles import Channel, ProfileDefined, Role
from domain.readings import microseconds
from ml.detector import BoolArray
from tests.benchmarks.detection.judging import Stretch

_TIME: Final = "datetime"
_LABEL: Final = "anomaly"
_NO_CHANNEL: Final = frozenset({_TIME, _LABEL, "changepoint"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SkabFile:
    """One file. anomalous: bool (n,), None for a file without labels, which is normal operation."""

    name: str
    profile: ProfileDefined
    readings: Stretch
    anomalous: BoolArray | None


def read_folder(folder: Path) -> list[SkabFile]:
    """Return every CSV file below `folder`, in the order of their names."""
    return [_read(path, folder) for path in sorted(folder.rglob("*.csv"))]


def _read(path: Path, folder: Path) -> SkabFile:
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    channels = [name for name in rows[0] if name not in _NO_CHANNEL]
    times = np.array(
        [microseconds(datetime.fromisoformat(row[_TIME]).replace(tzinfo=UTC)) for row in rows], dtype=np.int64
    )
    name = path.relative_to(folder).with_suffix("").as_posix()
    return SkabFile(
        name=name,
        profile=_profile(channels, interval_s=median(np.diff(times).tolist()) / 1e6),
        readings=Stretch(
            machine=name,
            values=np.array([[float(row[channel]) for channel in channels] for row in rows]),
            recorded_at_us=times,
        ),
        anomalous=np.array([float(row[_LABEL]) > 0 for row in rows]) if _LABEL in rows[0] else None,
    )


def _profile(channels: Sequence[str], *, interval_s: float) -> ProfileDefined:
    return ProfileDefined(
        name="skab",
        version=1,
        channels=tuple(Channel(name=name, unit="", role=Role.RESPONSE, minimum=-1e9, maximum=1e9) for name in channels),
        expected_interval_s=interval_s,
    )
