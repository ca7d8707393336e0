"""Which models are in force: each profile's newest champion that can be loaded."""

from collections.abc import Iterable

import structlog

from ml.scoring.champions import Champions
from ml.scoring.ports import Models, ModelUnloadable
from ml.scoring.state import LoadedModel
from schemas.readings import Readings

_log = structlog.get_logger()


class ModelsInForce:
    """Follows the promotions; what can't be loaded leaves the model before in force."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._champions = Champions()
        self._loaded: dict[str, LoadedModel] = {}
        self._refused: set[str] = set()
        self._without_champion: set[str] = set()

    @property
    def loaded(self) -> tuple[LoadedModel, ...]:
        """Return the model of each profile that has one."""
        return tuple(self._loaded.values())

    @property
    def position(self) -> int:
        """Return the next offset of model-events that is not taken in yet."""
        return self._champions.position

    def follow(self) -> None:
        """Take in the promotions that came since the last time."""
        self._champions.fold(self._models.promotions())
        for model, promoted_at in self._champions.newest():
            held = self._loaded.get(model.profile)
            if (held is not None and held.promoted_at >= promoted_at) or model.artifact_sha256 in self._refused:
                continue
            try:
                self._loaded[model.profile] = LoadedModel(model, promoted_at, self._models.load(model))
            except ModelUnloadable as cause:
                # A damaged artifact never gets better, so it is tried once.
                self._refused.add(model.artifact_sha256)
                _log.error("model_unloadable", model=str(model), in_force=held and str(held.model), cause=str(cause))

    def warn_of_unscored(self, decoded: Iterable[Readings]) -> None:
        """Warn once of each profile whose readings come and that no promotion gave a champion."""
        for readings in decoded:
            for block in readings.blocks:
                profile = block.profile
                known = profile.ref in self._loaded or profile.ref in self._without_champion
                if known or self._champions.has(profile.ref):
                    continue
                self._without_champion.add(profile.ref)
                then = f'telltale train {profile.ref}; telltale models promote {profile.name}/N --because "why"'
                _log.warning("no_champion", profile=profile.ref, readings="unscored", then=then)
