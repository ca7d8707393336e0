"""A share of a run's partitions, worked on by this process; `python -m infra.processes.rescorer RUN_ID 0,2,4` is one.

It says `partition next_offset` on standard output after each batch. When nobody reads that any more it ends, so a
command that was killed leaves no process behind.
"""

import sys
from collections.abc import Callable, Sequence
from threading import Event
from typing import Final
from uuid import UUID

from domain.rescoring import RescoringRequested
from infra.exit_codes import ExitCode
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.log_range import LogStalled
from infra.processes.stopping import until_told_to_stop
from infra.wiring.container import Container
from ml.rescoring.partition import RescoredPartition
from ml.rescoring.ports import RescoringStopped
from ml.scoring.ports import ModelUnloadable

LOOK_EVERY_S: Final = 0.2
"""Between two looks for new readings at the log's end."""

OnProgress = Callable[[int, int], None]


def work(
    container: Container,
    request: RescoringRequested,
    partitions: Sequence[int],
    *,
    running: Callable[[], bool],
    on_progress: OnProgress,
) -> None:
    """Judge these partitions of a run to their ends; a following run goes on until `running` says no.

    Raises:
        RescoringStopped, LogNotReachable, LogStalled: the log can't be read or written; the same request goes on.
        ModelUnloadable: the model's bytes are missing or damaged.
    """
    log, models, decoding = container.rescoring_log(), container.logged_models(), container.decoding()
    parts: dict[int, RescoredPartition] = {}
    for one in request.ranges:
        if one.partition not in partitions or not running():
            continue
        part = RescoredPartition(request, one, log=log, models=models, decoding=decoding)
        parts[one.partition] = part
        on_progress(one.partition, part.next_offset)
        part.advance(one.next_offset, running=running, on_progress=on_progress)
    waiting = Event()
    while request.follow and running():
        for partition, end in log.ends(list(parts)).items():
            parts[partition].advance(end, running=running, on_progress=on_progress)
        waiting.wait(LOOK_EVERY_S)


def main(run_id: str, partitions: str) -> int:
    """Work on a share as a process of its own."""
    container, running = Container(), until_told_to_stop()
    events = container.rescoring_runs().events()
    request = next(event for event in events if isinstance(event, RescoringRequested) and event.run_id == UUID(run_id))

    def say(partition: int, next_offset: int) -> None:
        sys.stdout.write(f"{partition} {next_offset}\n")
        sys.stdout.flush()

    try:
        work(container, request, [int(part) for part in partitions.split(",")], running=running, on_progress=say)
    except BrokenPipeError:
        return ExitCode.INTERRUPTED
    except (RescoringStopped, LogNotReachable, LogStalled, ModelUnloadable) as error:
        sys.stderr.write(f"{error}\n")
        return ExitCode.NOT_REACHABLE
    return ExitCode.YES if running() else ExitCode.INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
