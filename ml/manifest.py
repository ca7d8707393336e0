"""A training run's manifest: all that decides which model comes out, as one canonical text.

Two runs with equal manifests trained on the same rows in the same way; the same rows hash proves the first half.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

import numpy as np

from ml.artifact import canonical_json
from ml.training.trainer import TrainingRows

FORM: Final = 1
"""Version of the manifest's own form."""


class NotAManifest(ValueError):
    """The text is no manifest of a form that this version reads."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class OffsetRange:
    """Offsets from_offset to next_offset, half-open, of one partition."""

    partition: int
    from_offset: int
    next_offset: int

    def __len__(self) -> int:
        return max(0, self.next_offset - self.from_offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which readings a run trains on: one profile's, by ranges of offsets and of device time (half-open).

    Of every sensor only readings later than all its earlier ones, and none from a clock ahead of the log, as in
    scoring. Ranges are ascending by partition; None as a bound: no bound.
    """

    profile: str
    topic: str
    topic_id: str
    ranges: tuple[OffsetRange, ...]
    recorded_from_us: int | None = None
    recorded_before_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeIdentity:
    """Which program trains: its version, its lock file's SHA-256, and the versions of what computes."""

    code_version: str
    lock_sha256: str
    runtime: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything that decides a training run; `settings` are the trainer's own, its seed among them."""

    selection: Selection
    channels: tuple[str, ...]
    detectors: tuple[str, ...]
    settings: Mapping[str, str | int | float]
    rows: int
    rows_sha256: str
    code: CodeIdentity

    def text(self) -> str:
        """Return the manifest as canonical JSON: equal manifests, equal texts."""
        return canonical_json({"manifest": FORM, **asdict(self)})

    @property
    def sha256(self) -> str:
        """SHA-256 of the text, lower-case hex."""
        return hashlib.sha256(self.text().encode()).hexdigest()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `text` wrote.

        Raises:
            NotAManifest: it is something else, or of a later form.
        """
        try:
            plain = json.loads(text)
            if plain.pop("manifest") != FORM:
                raise NotAManifest("the manifest has a form that this version does not read")
            selection = plain.pop("selection")
            ranges = tuple(OffsetRange(**one) for one in selection.pop("ranges"))
            return cls(
                selection=Selection(ranges=ranges, **selection),
                channels=tuple(plain.pop("channels")),
                detectors=tuple(plain.pop("detectors")),
                code=CodeIdentity(**plain.pop("code")),
                **plain,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NotAManifest(f"the text is not a training manifest: {error}") from error


def rows_sha256(rows: TrainingRows) -> str:
    """Return the SHA-256 of the rows a model is trained on.

    Hashed are, each as one little-endian column: partitions, offsets, recorded_at in µs, then the values row by row
    with every NaN as 0x7ff8000000000000. Positions and values are all a trainer may use beside the sensors' names,
    which the positions imply.
    """
    values = np.where(np.isnan(rows.values), np.nan, rows.values)
    digest = hashlib.sha256()
    for column in (rows.partitions, rows.offsets, rows.recorded_at_us):
        digest.update(np.ascontiguousarray(column, dtype="<i8").tobytes())
    digest.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
    return digest.hexdigest()


def differences(one: Manifest, other: Manifest) -> tuple[str, ...]:
    """Return the parts in which two manifests differ, as people read them."""
    found = []
    for part in fields(Manifest):
        before, after = getattr(one, part.name), getattr(other, part.name)
        if before != after:
            found.append(f"{part.name}: {_short(before)} → {_short(after)}")
    return tuple(found)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "…"
