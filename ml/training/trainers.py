"""Which trainer a manifest's settings describe."""

from collections.abc import Mapping

from ml.families import FAMILIES
from ml.training.trainer import NotTrainable, Trainer


def trainer_of(settings: Mapping[str, str | int | float]) -> Trainer:
    """Return the trainer that a manifest's settings describe.

    Raises:
        NotTrainable: this version has no such trainer.
    """
    family = FAMILIES.get(str(settings.get("detector")))
    if family is None:
        raise NotTrainable(f"detector {settings.get('detector')!r} can't be trained by this version")
    try:
        trainer = family.trainer_of(settings)
    except KeyError as error:
        raise NotTrainable(f"settings {dict(settings)} lack {error}, which this version needs") from error
    if dict(trainer.settings) != dict(settings):
        raise NotTrainable(f"settings {dict(settings)} are not those of this version: {dict(trainer.settings)}")
    return trainer
