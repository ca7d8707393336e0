"""`telltale rescore` that dies by SIGKILL at one write: `python -m tests.guarantees.crashing_rescore before|after N …`.

before: with a transaction open and a verdict's bytes in it. after: right after the commit. Batches are small, so that
there are several.
"""

import os
import signal
import sys
from collections.abc import Sequence

from domain.anomalies import AnomalyDetected
from domain.scoring import ReadingsScored
from infra.cli.main import run
from infra.kafka.client import log_range as reading
from infra.kafka.client.appending import TransactionalAppender
from infra.kafka.scoring.rescoring_log import KafkaRescoringLog

STEPS = ("before", "after")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(step: str, number: str, *words: str) -> int:
    writes = 0
    write, until_answered = KafkaRescoringLog.write, TransactionalAppender._produce

    def counted(
        self: KafkaRescoringLog, partition: int, verdicts: Sequence[AnomalyDetected], ledgers: Sequence[ReadingsScored]
    ) -> None:
        nonlocal writes
        writes += 1
        write(self, partition, verdicts, ledgers)
        if writes == int(number) and step == "after":
            die()

    def produced(self: TransactionalAppender, *arguments: object) -> object:
        reports = until_answered(self, *arguments)  # type: ignore[arg-type]
        if writes == int(number) and step == "before":
            die()
        return reports

    KafkaRescoringLog.write = counted  # type: ignore[method-assign]
    TransactionalAppender._produce = produced  # type: ignore[method-assign,assignment]
    reading._POLL_RECORDS = 50  # type: ignore[misc]
    return run(["rescore", *words])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
