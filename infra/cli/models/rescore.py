"""`telltale rescore`: history judged again by another model, beside the live verdicts."""

from typing import Annotated, Any

import typer

from domain.admission import UnknownProfile
from domain.models import ModelRef, ModelTrained
from domain.rescoring import (
    RescoringCompleted,
    RescoringFailed,
    RescoringRequested,
    completion,
    requested,
)
from domain.topics import SENSOR_EVENTS
from infra.cli.composition import composed
from infra.cli.models.rescoring_ranges import ranges_of
from infra.cli.output import CommandFailed, JsonOption, note, print_json, say
from infra.cli.progress import progress
from infra.exit_codes import ExitCode
from infra.kafka.client.clients import LogNotReachable, partitions_of
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.log_range import LogStalled
from infra.processes.rescorer import work
from infra.processes.rescorers import spread
from infra.processes.stopping import until_told_to_stop
from infra.settings import SettingMissing
from infra.wiring.container import Container
from ml.rescoring.ports import RescoringStopped
from ml.rescoring.tally import LedgerBroken, completed
from ml.scoring.ports import ModelUnloadable
from schemas.contracts import ContractNotPublished

app = typer.Typer()


@app.command()
def rescore(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Version that judges, such as pump/2.")],
    *,
    since: Annotated[
        str | None, typer.Option("--from", metavar="T", help="Readings appended at T or later, by the log's clock.")
    ] = None,
    before: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="T", help="Readings appended before T, or below these positions. Default: the end now."
        ),
    ] = None,
    from_offsets: Annotated[
        str | None,
        typer.Option(metavar="P", help="From these positions on, joined by commas; only their partitions are judged."),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on at the log's end, as a challenger, until stopped.")
    ] = False,
    processes: Annotated[int, typer.Option(min=1, max=8, help="How many share the partitions.")] = 1,
    json_output: JsonOption = False,
) -> None:
    """Let a model judge a stretch of the readings in log order, by the same rules as live, each offset exactly once.

    Verdicts and score ledger go to rescored-anomaly-events under the run's id; the live topics are only read. Stopped
    or killed, the same command goes on where the log says that it stands.

    A range of offsets: --from-offsets sensor-events/3/180000 --to sensor-events/3/190000, several joined by commas; a
    partition without its own --to goes on to the log's end.

    Example: telltale rescore pump/2 --from 2026-03-09T08:00Z --to 2026-03-09T12:00Z
    """
    if from_offsets and since:
        raise CommandFailed("--from and --from-offsets both say where to begin", code=ExitCode.USAGE)
    container = composed()
    try:
        request = _request(container, model, since=since, before=before, from_offsets=from_offsets, follow=follow)
        runs = container.rescoring_runs()
        request = runs.begin(request)
        done = completion(runs.events(), request.run_id)
        if done is None:
            try:
                done = _run(container, request, processes=processes)
            except (RescoringStopped, ModelUnloadable, LedgerBroken) as error:
                runs.end(request, RescoringFailed(run_id=request.run_id, reason=str(error)))
                raise
            runs.end(request, done)
    except (ModelUnloadable, UnknownProfile) as error:
        raise CommandFailed(str(error), code=ExitCode.REFUSED) from error
    except LedgerBroken as error:
        raise CommandFailed(str(error), code=ExitCode.NO) from error
    except (RescoringStopped, LogNotReachable, LogStalled, SettingMissing, ContractNotPublished) as error:
        raise CommandFailed(str(error), then="the same command again goes on", code=ExitCode.NOT_REACHABLE) from error
    if json_output:
        print_json(_as_json(request, done))
    else:
        say(
            f"run {request.run_id}: {done.judged:,} readings judged by {request.model}, {done.abnormal:,} abnormal, "
            f"{done.offsets:,} offsets; ledger sha256 {done.ledger_sha256}"
        )


def _run(container: Container, request: RescoringRequested, *, processes: int) -> RescoringCompleted:
    """Work on a run to its end with progress; a following run only ends by an interrupt."""
    note(f"run {request.run_id}" + (", until Ctrl-C" if request.follow else ""))
    at = {one.partition: one.from_offset for one in request.ranges}
    total = sum(one.next_offset - one.from_offset for one in request.ranges)
    with progress(f"{request.model} judges again", total=None if request.follow else total, unit="offsets") as bar:

        def on_progress(partition: int, next_offset: int) -> None:
            bar.advance(next_offset - at[partition])
            at[partition] = next_offset

        if processes == 1:
            running = until_told_to_stop()  # after the batch in hand: its transaction is not left open
            work(container, request, list(at), running=running, on_progress=on_progress)
            if not running():
                raise KeyboardInterrupt
        else:
            spread(request.run_id, list(at), processes=processes, on_progress=on_progress)
    log = container.rescoring_log()
    ledgers = ((one.partition, log.ledgers(request.run_id, one.partition)) for one in request.ranges)
    return completed(request.run_id, request.ranges, ledgers)


def _request(
    container: Container,
    model: str,
    *,
    since: str | None,
    before: str | None,
    from_offsets: str | None,
    follow: bool,
) -> RescoringRequested:
    """Return the request with its offsets looked up now."""
    if follow and before:
        raise CommandFailed("--follow has no end: leave --to out", code=ExitCode.USAGE)
    ref = _model(container, model)
    ends = LogEnds(container.settings().kafka_bootstrap)
    ranges = ranges_of(
        ends,
        partitions_of(SENSOR_EVENTS),
        since=since,
        before=before,
        from_offsets=from_offsets,
        follow=follow,
    )
    asked = " ".join(f"{name}={text}" for name, text in (("from", since or from_offsets), ("to", before)) if text)
    return requested(
        ref,
        source_topic=SENSOR_EVENTS,
        source_topic_id=ends.topic_id(SENSOR_EVENTS),
        ranges=ranges,
        follow=follow,
        asked=asked,
    )


def _model(container: Container, name: str) -> ModelRef:
    trained: tuple[ModelTrained, ...] = container.model_log().trained()
    for event in trained:
        if str(event.model) == name:
            return event.model
    known = ", ".join(str(event.model) for event in trained) or "none"
    raise CommandFailed(f"{name} was never trained; trained are: {known}", code=ExitCode.REFUSED)


def _as_json(request: RescoringRequested, done: RescoringCompleted) -> dict[str, Any]:
    return {"request": request, "completed": done}
