"""What `--train-first` trains, promotes and waits with."""

from domain.models import ModelRef
from infra.cli.command_client import post_command
from infra.cli.train import reading_progress, refusals
from infra.ingest.train_first import TrainFirst
from infra.intake import Intake
from ml.isolation_forest.trainer import IsolationForestTrainer

BECAUSE = "trained on the file's first readings by ingest --train-first"


def training_first(intake: Intake) -> TrainFirst:
    """Return the real training, promotion by the command service, and waiting."""
    settings = intake.root.settings()

    def train(profile: str) -> ModelRef:
        with refusals(), reading_progress() as on_progress:
            stored = intake.root.training().train_profile(
                profile, trainer=IsolationForestTrainer(), on_progress=on_progress
            )
        model: ModelRef = stored.event.model
        return model

    def promote(model: ModelRef) -> None:
        post_command(settings, f"/models/{model.name}/promote", {"version": model.version, "because": BECAUSE})

    return TrainFirst(train=train, promote=promote, in_force=intake.in_force())
