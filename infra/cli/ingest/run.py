"""Running an ingest against the log: profile, ids that are there, rows, and training in between if asked."""

from dataclasses import dataclass, field
from typing import Final

from commands.define_profile import DefineProfile
from domain.models import ModelRef
from domain.profiles import ProfileDefined, newest_profile
from domain.topics import DATA_PARTITIONS, SENSOR_EVENTS
from infra.cli.composition import composed
from infra.cli.log_failures import log_failures_explained
from infra.cli.output import CommandFailed, note
from infra.cli.progress import progress
from infra.exit_codes import ExitCode
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.partitioning import partition_of
from infra.sources.csv.csv_readings import RowReader
from infra.sources.csv.ingest_file import FileIngest, Pause, Tally
from infra.sources.csv.plan import ColumnChoice, ColumnPlan, plan_columns, profile_from
from infra.sources.csv.rows import row_blocks
from infra.sources.csv.shape import CsvShape
from infra.sources.csv.survey import interval_of
from infra.sources.novelty import Novelty
from infra.sources.train_first import FirstRows, NotInForce
from infra.wiring.container import Container

_COUNT_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """A file and what a person said about it; detector: what `--train-first` trains, None when nobody said."""

    shape: CsvShape
    choice: ColumnChoice
    detector: str | None = None


@dataclass(slots=True)
class IngestOutcome:
    """What became of a file; `defined` is true when its header defined the profile."""

    file: str
    profile: ProfileDefined
    defined: bool
    tally: Tally = field(default_factory=Tally)
    model: ModelRef | None = None


def run_ingest(source: Source, *, train_first: int | None) -> IngestOutcome:
    """Bring the file's readings in and return what became of its rows.

    Raises:
        ColumnsDoNotFit: the columns don't fit the profile; nothing is appended.
        CommandFailed: the log is not reachable, a rule refuses, or the run was interrupted.
    """
    with log_failures_explained():
        intake = composed()
        known = intake.profile_log().known()
        profile = newest_profile(known, source.choice.profile)
        plan = plan_columns(source.shape, source.choice, profile)
        outcome = IngestOutcome(
            file=str(source.shape.path), profile=profile or _define(intake, source, plan), defined=profile is None
        )
        profiles = {one.ref: one for one in (*known, outcome.profile)}
        with progress("ids in the log", unit="records") as bar:
            read = 0

            def on_read(done: int, total: int) -> None:
                nonlocal read
                bar.set_total(total)
                bar.advance(done - read)
                read = done

            novelty = Novelty(intake.logged_readings(profiles=profiles, on_read=on_read))
            novelty.meet(_machines(source, plan))
        _append(intake, source, plan, outcome, novelty, train_first=train_first)
    return outcome


def _define(intake: Container, source: Source, plan: ColumnPlan) -> ProfileDefined:
    require_definable(source.choice.profile)
    channels, interval_s = profile_from(plan, interval_s=interval_of(source.shape, plan))
    command = DefineProfile(name=source.choice.profile, channels=channels, expected_interval_s=interval_s)
    defined = intake.define_profile().handle(command).profile
    note(f"{defined.ref} defined from the header: {', '.join(defined.channel_names)}; every {interval_s:g} s")
    return defined


def require_definable(profile: str) -> None:
    """Return if a header may define the profile of that name.

    Raises:
        CommandFailed: it names a version, and versions are given by the log.
    """
    if "@" in profile:
        raise CommandFailed(
            f"profile {profile} is not defined",
            then=f"without a version (--profile {profile.partition('@')[0]}) the header defines it",
            code=ExitCode.REFUSED,
        )


def _machines(source: Source, plan: ColumnPlan) -> set[str]:
    """Return the machines of the file's beginning: those whose ids are read at once, others as they come."""
    if plan.machine_id is not None:
        return {plan.machine_id}
    column = source.choice.machine or source.choice.sensor
    return set(source.shape.sample_of(column)) if column is not None else set()


def _append(
    intake: Container,
    source: Source,
    plan: ColumnPlan,
    outcome: IngestOutcome,
    novelty: Novelty,
    *,
    train_first: int | None,
) -> None:
    reader = RowReader(outcome.file, plan, outcome.profile, decimal=source.shape.decimal)
    sink = intake.appender()
    began_at = {} if train_first is None else _ends(intake)

    def train(tally: Tally) -> None:
        from infra.cli.ingest.training_first import (  # noqa: PLC0415 - the panel's compiled code loads slowly
            champion_of,
            family_for,
            training_first,
        )

        outcome.model = None if tally.appended else champion_of(intake, outcome.profile)
        if outcome.model is not None:
            note(f"these readings were there already, and {outcome.model} judges: not trained again")
            return
        first = FirstRows(
            partitions=frozenset(partition_of(machine, DATA_PARTITIONS) for machine in novelty.machines),
            recorded_from_us=tally.oldest_us or 0,
            recorded_before_us=tally.newest_us + 1,
            from_offsets={} if tally.duplicate else began_at,
        )
        readings = tally.appended + tally.duplicate
        family = family_for(source.detector, readings=readings, machines=len(novelty.machines))
        note(f"training a model of kind {family} on the first {readings:,} readings")
        outcome.model = training_first(intake, family).run(outcome.profile.ref, first)
        note(f"{outcome.model} judges from here on")

    pause = None if train_first is None else Pause(train_first, train)
    work = FileIngest(reader, sink, novelty, pause=pause)
    outcome.tally = work.tally
    try:
        with progress("rows", total=_rows_in(source.shape), unit="rows") as bar:
            work.run(row_blocks(source.shape, plan.columns), bar.advance)
    except KeyboardInterrupt as interrupt:
        sink.flush()
        raise CommandFailed(
            f"interrupted after {work.tally.appended:,} new readings, all of them in the log",
            then="the same command again goes on from here",
            code=ExitCode.INTERRUPTED,
        ) from interrupt
    except NotInForce as error:
        raise CommandFailed(
            str(error), then="telltale scorer; then the same command again", code=ExitCode.NOT_REACHABLE
        ) from error
    if train_first is not None and outcome.model is None:
        raise CommandFailed(
            f"--train-first {train_first}: the file has only {work.tally.appended + work.tally.duplicate:,} readings; "
            "they are in the log, nothing was trained",
            code=ExitCode.NO,
        )


def _ends(intake: Container) -> dict[int, int]:
    """Return where each partition of the readings ends now: this run's readings come after that."""
    places = [(SENSOR_EVENTS, partition) for partition in range(DATA_PARTITIONS)]
    return {place[1]: end for place, end in LogEnds(intake.bootstrap()).written(places).items()}


def _rows_in(shape: CsvShape) -> int:
    """Return how many lines follow the header, about: what the progress counts to."""
    with shape.path.open("rb") as file:
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_COUNT_BYTES), b""))
    return max(lines - 1, 1)
