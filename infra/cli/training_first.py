"""What `--train-first` trains, promotes and waits with."""

from domain.models import ModelRef
from domain.profiles import ProfileDefined
from infra.cli.output import CommandFailed, ExitCode
from infra.cli.progress import reading_progress
from infra.cli.promoting import compare_and_promote
from infra.cli.train import refusals
from infra.ingest.train_first import TrainFirst
from infra.intake import Intake
from infra.model_lines import champion_of as champion_in
from infra.model_lines import fold
from ml.isolation_forest.trainer import IsolationForestTrainer

BECAUSE = "trained on the file's first readings by ingest --train-first"


def training_first(intake: Intake) -> TrainFirst:
    """Return the real training, promotion by the command service, and waiting."""

    def train(profile: str, recorded_before_us: int) -> ModelRef:
        with refusals(), reading_progress() as on_progress:
            stored = intake.root.training().train_profile(
                profile,
                trainer=IsolationForestTrainer(),
                on_progress=on_progress,
                recorded_before_us=recorded_before_us,
            )
        model: ModelRef = stored.event.model
        return model

    def promote(model: ModelRef) -> None:
        try:
            compare_and_promote(intake, model, BECAUSE)
        except CommandFailed as failed:
            if failed.code is ExitCode.REFUSED:
                failed.then = "without --train-first the same command goes on, and the champion judges the rest"
            raise

    return TrainFirst(train=train, promote=promote, in_force=intake.in_force())


def champion_of(intake: Intake, profile: ProfileDefined) -> ModelRef | None:
    """Return the model that judges a profile already, None when there is none."""
    lines, _ = fold({}, intake.root.model_events().news(0))
    return champion_in(lines, profile.ref)
