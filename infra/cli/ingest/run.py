"""Running an ingest against the log: decide first, then profile, ids that are there, rows, and training in between."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from commands.define_profile import DefineProfile
from domain.models import ModelRef
from domain.profiles import ProfileDefined, newest_profile
from domain.topics import DATA_PARTITIONS, SENSOR_EVENTS
from infra.cli.composition import composed
from infra.cli.ingest.sources import Understood, understood
from infra.cli.ingest.wishes import Wishes
from infra.cli.log_failures import log_failures_explained
from infra.cli.output import CommandFailed, note
from infra.cli.progress import progress
from infra.exit_codes import ExitCode
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.partitioning import partition_of
from infra.sources.files.ingest_file import FileIngest, Pause, Tally
from infra.sources.files.read_rows import ReadRows, RefusedRow
from infra.sources.novelty import Novelty
from infra.sources.times.moments import Plausible
from infra.sources.train_first import FirstRows, NotInForce
from infra.wiring.container import Container


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Files and what a person said about them; detector: what `--train-first` trains, None when nobody said."""

    paths: list[Path]
    wishes: Wishes
    plausible: Plausible
    detector: str | None = None
    train_first: int | None = None


@dataclass(slots=True)
class IngestOutcome:
    """What became of files; `defined` is true when a header defined the profile."""

    file: str
    profile: ProfileDefined
    defined: bool
    tally: Tally = field(default_factory=Tally)
    model: ModelRef | None = None


def run_ingest(request: Request, *, refused_file: Path | None) -> IngestOutcome:
    """Bring the files' readings in and return what became of their rows.

    1. Understand every file. 2. If a model is to be trained: see that the first readings can make one. Up to here
    nothing is in the log. 3. Define the profile if it is new. 4. Append. A refusal before 3 leaves nothing behind.

    Raises:
        NotATable, ColumnsDoNotFit: the files can't be taken as asked.
        CommandFailed: the log is not reachable, a rule refuses, or the run was interrupted.
    """
    with log_failures_explained():
        intake = composed()
        known = intake.profile_log().known()
        name = request.wishes.profile or ""
        profile = newest_profile(known, name)
        if profile is None:
            require_definable(name)
        found = understood(request.paths, request.wishes, profile, request.plausible)
        judged_by = profile or found.profile(name)
        if request.train_first is not None:
            _must_be_trainable(found, judged_by, request.train_first)
        outcome = IngestOutcome(
            file=", ".join(map(str, request.paths)),
            profile=profile or _define(intake, found, name),
            defined=profile is None,
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
            novelty.meet(_machines(found))
        with _refusals_to(refused_file) as on_refused:
            append(intake, request, found, outcome, novelty, on_refused=on_refused)
    return outcome


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


def readings_of(found: Understood, profile: ProfileDefined) -> Iterator[ReadRows]:
    """Yield the readings of all files, one file after the other."""
    for source in found.sources:
        yield from source.readings(profile)


def append(
    intake: Container,
    request: Request,
    found: Understood,
    outcome: IngestOutcome,
    novelty: Novelty,
    *,
    on_refused: Callable[[RefusedRow], None] = lambda _: None,
) -> None:
    """Append the files' readings, and train in between where that was asked."""
    sink = intake.appender()
    train_first = request.train_first
    began_at = {} if train_first is None else _ends(intake)

    def train(tally: Tally) -> None:
        _train(intake, request, outcome, novelty, tally=tally, began_at=began_at)

    pause = None if train_first is None else Pause(train_first, train)
    work = FileIngest(sink, novelty, pause=pause, on_refused=on_refused)
    outcome.tally = work.tally
    try:
        with progress("rows", unit="rows") as bar:
            work.run(readings_of(found, outcome.profile), bar.advance)
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


def _train(
    intake: Container,
    request: Request,
    outcome: IngestOutcome,
    novelty: Novelty,
    *,
    tally: Tally,
    began_at: dict[int, int],
) -> None:
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
    family = family_for(request.detector, readings=readings, machines=len(novelty.machines))
    note(f"training a model of kind {family} on the first {readings:,} readings")
    outcome.model = training_first(intake, family).run(outcome.profile.ref, first)
    note(f"{outcome.model} judges from here on")


def _define(intake: Container, found: Understood, name: str) -> ProfileDefined:
    command = DefineProfile(name=name, channels=found.channels, expected_interval_s=found.interval_s)
    defined = intake.define_profile().handle(command).profile
    names = ", ".join(defined.channel_names)
    note(f"{defined.ref} defined from the header: {names}; every {found.interval_s:g} s")
    return defined


def _machines(found: Understood) -> set[str]:
    """Return the machines of the files' beginnings: those whose ids are read at once, others as they come."""
    machines: set[str] = set()
    for source in found.sources:
        plan = source.plan
        column = plan.machine or plan.sensor
        machines |= {plan.machine_id} if plan.machine_id is not None else set()
        if plan.machine_id is None and column is not None:
            machines |= set(source.table.sample_of(column))
    return machines


def _must_be_trainable(found: Understood, profile: ProfileDefined, readings: int) -> None:
    """Return if the first readings can train a model; say which channels would be left out.

    Raises:
        CommandFailed: there are too few, or no channel is left to judge; nothing is appended.
    """
    from ml.training.channels import left_out  # noqa: PLC0415 - needed only where a model is trained

    values: list[np.ndarray] = []
    count = 0
    for read in readings_of(found, profile):
        values.append(read.measured.values[: readings - count])
        count += len(values[-1])
        if count >= readings:
            break
    if count < readings:
        raise CommandFailed(
            f"--train-first {readings}: there are only {count:,} readings; nothing was appended",
            then=f"--train-first {count}, or without it",
            code=ExitCode.NO,
        )
    reasons = left_out(np.concatenate(values), profile)
    if len(reasons) == len(profile.channels):
        told = "; ".join(f"{name} {reason}" for name, reason in reasons.items())
        raise CommandFailed(
            f"--train-first {readings}: no channel can be learned from: {told}; nothing was appended",
            then="more readings, or without --train-first",
            code=ExitCode.REFUSED,
        )
    for name, reason in reasons.items():
        note(
            f"{name} {reason} in the first {readings:,} readings: left out of training; the other channels are trained"
        )


def _ends(intake: Container) -> dict[int, int]:
    """Return where each partition of the readings ends now: this run's readings come after that."""
    places = [(SENSOR_EVENTS, partition) for partition in range(DATA_PARTITIONS)]
    return {place[1]: end for place, end in LogEnds(intake.bootstrap()).written(places).items()}


@contextmanager
def _refusals_to(path: Path | None) -> Iterator[Callable[[RefusedRow], None]]:
    """Give what writes each refusal to a file as it comes, however many there are; nothing without a file."""
    if path is None:
        yield lambda _: None
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "line", "column", "reason"))
        yield lambda row: writer.writerow((row.file, row.line, row.column, row.reason))
