"""Training a model from the log, and training it again from its manifest."""

from dataclasses import dataclass, replace

import numpy as np

from domain.models import ModelTrained
from domain.profiles import ProfileDefined
from ml.artifact import FORMAT, pack, sha256_of
from ml.detector import Batch, Detector, FloatArray
from ml.loading import load_detector
from ml.manifest import CodeIdentity, Manifest, Selection, differences, rows_sha256
from ml.narrowed import with_profile_channels
from ml.population_shift.reference import with_reference
from ml.training.channels import left_out
from ml.training.histogram import with_histogram
from ml.training.ports import ModelLog, ModelNotStored, NewModel, OnProgress, ReadingLog, StoredModel
from ml.training.trainer import Fitted, Trainer, TrainingRows
from ml.training.trainers import trainer_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """What came out of training a version again; `largest_difference` is of the training rows' ratios."""

    original: ModelTrained
    same_rows: bool
    same_bytes: bool
    largest_difference: float
    changed: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Same rows, and scores equal within what another runtime may do to the last digits."""
        return self.same_rows and self.largest_difference <= 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingDesk:
    """Trains models: reads from `readings`, keeps in `models`, and signs manifests with `code`."""

    readings: ReadingLog
    models: ModelLog
    code: CodeIdentity

    def train_profile(
        self,
        name: str,
        *,
        trainer: Trainer,
        on_progress: OnProgress,
        recorded_from_us: int | None = None,
        recorded_before_us: int | None = None,
    ) -> StoredModel:
        """Train on all readings of profile `name` (`pump@1`, or `pump` for its newest version) that are in the log.

        Raises what `train` raises, and UnknownProfile.
        """
        selection = replace(
            self.readings.everything(self.readings.profile(name).ref),
            recorded_from_us=recorded_from_us,
            recorded_before_us=recorded_before_us,
        )
        return self.train(selection, trainer, on_progress=on_progress)

    def train(self, selection: Selection, trainer: Trainer, *, on_progress: OnProgress) -> StoredModel:
        """Fit a model on the selected readings and append it to the log.

        1. Read the rows. 2. Fit, calibrate, write the manifest. 3. Append artifact and ModelTrained in one transaction.
        A crash before the end of 3 leaves nothing behind; the same call again gives the same model.

        Raises:
            NotTrainable: the rows can't make a model.
            ReadingsGone, EventNotAppended: the log's reasons.
        """
        profile = self.readings.profile(selection.profile)
        rows = self.readings.rows(selection, profile, on_progress=on_progress)
        fitted = _fit(rows, profile, trainer)
        manifest = self._manifest(selection, rows, profile, trainer, fitted)
        return self.models.append(
            NewModel(
                line=profile.name,
                profile=profile.ref,
                format=FORMAT,
                content=pack(fitted.artifact),
                detectors=fitted.kinds,
                manifest=manifest.text(),
                manifest_sha256=manifest.sha256,
                rows=manifest.rows,
                metrics=fitted.metrics,
                parameters=fitted.parameters,
            )
        )

    def reproduce(self, version: str, *, on_progress: OnProgress) -> Reproduction:
        """Train `version` (`pump/1`) again from its manifest, compare, and append nothing.

        Raises:
            ModelNotStored: the log has no such version.
            NotTrainable, ReadingsGone: the manifest can't be followed any more.
        """
        original = self._find(version)
        manifest = Manifest.parse(original.manifest)
        profile = self.readings.profile(manifest.selection.profile)
        trainer = trainer_of(manifest.settings)
        rows = self.readings.rows(manifest.selection, profile, on_progress=on_progress)
        fitted = _fit(rows, profile, trainer)
        again = self._manifest(manifest.selection, rows, profile, trainer, fitted)
        content = pack(fitted.artifact)
        _, stored = self.models.content(original.model.artifact_sha256)
        return Reproduction(
            original=original,
            same_rows=again.rows_sha256 == manifest.rows_sha256,
            same_bytes=sha256_of(content) == original.model.artifact_sha256,
            largest_difference=_largest_difference(load_detector(stored), load_detector(content), rows),
            changed=differences(manifest, again),
        )

    def _manifest(
        self, selection: Selection, rows: TrainingRows, profile: ProfileDefined, trainer: Trainer, fitted: Fitted
    ) -> Manifest:
        return Manifest(
            selection=selection,
            channels=profile.channel_names,
            detectors=fitted.kinds,
            settings=trainer.settings,
            rows=len(rows),
            rows_sha256=rows_sha256(rows),
            code=self.code,
        )

    def _find(self, version: str) -> ModelTrained:
        for trained in self.models.trained():
            if str(trained.model) == version:
                return trained
        raise ModelNotStored(f"{version} was never trained: telltale models list shows those that were")


def _fit(rows: TrainingRows, profile: ProfileDefined, trainer: Trainer) -> Fitted:
    """Return what the trainer makes of the channels that can be learned from; the others are left out by name."""
    reasons = left_out(rows.values, profile) if len(rows) else {}
    kept = [place for place, channel in enumerate(profile.channels) if channel.name not in reasons]
    if not reasons or not kept:
        fitted = trainer.fit(rows, profile)
    else:
        some = replace(profile, channels=tuple(profile.channels[place] for place in kept))
        fitted = trainer.fit(replace(rows, values=np.ascontiguousarray(rows.values[:, kept])), some)
        told = "; ".join(f"{name} {reason}" for name, reason in reasons.items())
        fitted = replace(
            fitted,
            artifact=with_profile_channels(fitted.artifact, profile.channel_names),
            parameters={**fitted.parameters, "channels_left_out": told},
        )
    scores = fitted.training_scores
    artifact = with_reference(
        with_histogram(fitted.artifact, scores), values=rows.values, ratios=scores, recorded_at_us=rows.recorded_at_us
    )
    return replace(fitted, artifact=artifact)


def _largest_difference(one: Detector, other: Detector, rows: TrainingRows) -> float:
    """Return the largest |Δ| of the ratios two detectors give the same rows, in units of max(1, |ratio|).

    Infinite when one judges a row that the other leaves.
    """
    if one.kinds != other.kinds:
        return float("inf")
    first, second = _ratios(one, rows), _ratios(other, rows)
    if not np.array_equal(np.isnan(first), np.isnan(second)):
        return float("inf")
    return float(np.nanmax(np.abs(first - second) / np.maximum(1.0, np.abs(first)), initial=0.0))


def _ratios(detector: Detector, rows: TrainingRows) -> FloatArray:
    batch = Batch(values=rows.values, recorded_at_us=rows.recorded_at_us, sensors=rows.sensors)
    fresh = [detector.fresh(machine_id=machine, sensor_id=sensor) for machine, sensor in rows.sensor_names]
    verdicts, _ = detector.score(batch, np.array(fresh).reshape(len(fresh), detector.state_size))
    return verdicts.ratios
