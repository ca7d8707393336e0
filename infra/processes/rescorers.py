"""A run spread over processes: each works on a share of the partitions and says how far it is."""

import subprocess
import sys
from collections.abc import Sequence
from threading import Thread
from uuid import UUID

from infra.processes.rescorer import OnProgress
from ml.rescoring.ports import RescoringStopped

_ENDS_WITHIN_S = 30.0
"""A process that is told to stop ends after its batch."""


def spread(run_id: UUID, partitions: Sequence[int], *, processes: int, on_progress: OnProgress) -> None:
    """Let `processes` processes work on a run; return when all are at the end of their shares.

    Interrupted, it tells all of them to stop after their batch, and waits.

    Raises:
        RescoringStopped: one of them failed; its words say why.
    """
    shares = [partitions[number::processes] for number in range(min(processes, len(partitions)))]
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "infra.processes.rescorer", str(run_id), ",".join(map(str, share))],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is this process's to pass on
        )
        for share in shares
    ]
    said: list[list[str]] = [[] for _ in workers]
    listening = [Thread(target=_progress, args=(worker, on_progress), daemon=True) for worker in workers]
    listening += [
        Thread(target=_words, args=(worker, words), daemon=True) for worker, words in zip(workers, said, strict=True)
    ]
    for thread in listening:
        thread.start()
    try:
        codes = [worker.wait() for worker in workers]
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait(_ENDS_WITHIN_S)
        for thread in listening:
            thread.join(1.0)
    if any(codes):
        raise RescoringStopped("; ".join(words[-1] for words in said if words) or f"processes ended with {codes}")


def _progress(worker: "subprocess.Popen[str]", on_progress: OnProgress) -> None:
    assert worker.stdout is not None  # noqa: S101 - it was started with a pipe
    for line in worker.stdout:
        partition, next_offset = line.split()
        on_progress(int(partition), int(next_offset))


def _words(worker: "subprocess.Popen[str]", words: list[str]) -> None:
    assert worker.stderr is not None  # noqa: S101 - it was started with a pipe
    words.extend(line.strip() for line in worker.stderr if line.strip())
