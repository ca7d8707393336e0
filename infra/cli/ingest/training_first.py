"""What `--train-first` trains, promotes and waits with."""

from dataclasses import replace

from rich.markup import escape

from domain.logged_models import champion_of as champion_in
from domain.logged_models import fold
from domain.models import ModelRef
from domain.profiles import ProfileDefined
from infra.cli.models.promoting import compare_and_promote
from infra.cli.models.train import judged_by, refusals
from infra.cli.output import CommandFailed, note
from infra.cli.progress import reading_progress
from infra.exit_codes import ExitCode
from infra.sources.train_first import FirstRows, TrainFirst
from infra.wiring.container import Container
from ml.families import FAMILIES
from ml.isolation_forest.detector import KIND as ISOLATION_FOREST
from ml.manifest import Selection
from ml.panel.options import Options
from ml.panel.parameters import DETECTOR as PANEL

BECAUSE = "trained on the file's first readings by ingest --train-first"


def family_for(asked: str | None, *, readings: int, machines: int) -> str:
    """Return what is trained when nobody `asked`: a panel where it can arm, a forest on fewer readings.

    On every small set of real data the panel found more than the forest at fewer false alarms.
    """
    if asked is not None:
        return asked
    return PANEL if readings >= Options().armed_least * machines else ISOLATION_FOREST


def training_first(intake: Container, family: str) -> TrainFirst:
    """Return the real training of a family's model, promotion by the command service, and waiting."""

    def train(profile: str, first: FirstRows) -> ModelRef:
        with refusals(), reading_progress() as on_progress:
            desk = intake.training()
            selection = only_first(desk.readings.everything(profile), first)
            stored = desk.train(selection, FAMILIES[family].new_trainer(), on_progress=on_progress)
        for what, told in judged_by(stored.event.parameters):
            note(escape(f"{what}: {told}"))
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


def only_first(everything: Selection, first: FirstRows) -> Selection:
    """Return a selection narrowed down to where the first rows of a file stand."""
    ranges = (
        replace(one, from_offset=max(one.from_offset, first.from_offsets.get(one.partition, one.from_offset)))
        for one in everything.ranges
        if one.partition in first.partitions
    )
    return replace(
        everything,
        ranges=tuple(one for one in ranges if len(one)),
        recorded_from_us=first.recorded_from_us,
        recorded_before_us=first.recorded_before_us,
    )


def champion_of(intake: Container, profile: ProfileDefined) -> ModelRef | None:
    """Return the model that judges a profile already, None when there is none."""
    lines, _ = fold({}, intake.model_events().news(0))
    return champion_in(lines, profile.ref)
