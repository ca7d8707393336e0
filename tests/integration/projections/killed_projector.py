"""A projector that kills its own process, at once and for good, between the rows and the commit of a transaction.

Run as a program: DSN, read model, build, and the number of the transaction it dies in (0: none).
"""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random

import pyarrow as pa

from infra.postgres.builds import Build
from infra.postgres.projection_store import PostgresProjectionStore, PostgresProjectionTransaction
from projections.folder import load_folder
from projections.projector import Projector
from tests.fakes.projections import FakeRecordSource, FakeVocabulary
from tests.integration.projections.projecting import project_to_end
from tests.integration.projections.random_log import profiles_by_ref, random_log

LOG_SEED = 13


class DyingTransaction(PostgresProjectionTransaction):
    """Writes the rows and dies."""

    def apply(self, pieces: Sequence[pa.RecordBatch]) -> None:
        """Put the rows into the tables; nothing after that happens."""
        super().apply(pieces)
        os.kill(os.getpid(), signal.SIGKILL)


class DyingStore(PostgresProjectionStore):
    """Dies in transaction number `dies_in`, or the first after it that has rows."""

    dies_in = 0
    _begun = 0

    @contextmanager
    def transaction(self) -> Iterator[PostgresProjectionTransaction]:
        """Yield a transaction, deadly when its turn has come."""
        self._begun += 1
        with super().transaction() as transaction:
            if self.dies_in and self._begun >= self.dies_in:
                transaction.__class__ = DyingTransaction
            yield transaction


def main(dsn: str, read_model: str, number: str, dies_in: str) -> None:
    """Project the log of LOG_SEED to its end, or die."""
    folder, build, log = load_folder(read_model), Build(read_model, int(number)), random_log(LOG_SEED)
    store = DyingStore(dsn, build, folder)
    store.dies_in = int(dies_in)
    projector = Projector(
        folder=folder,
        build=build.schema,
        source=FakeRecordSource(log, Random(int(dies_in))),
        store=store,
        vocabulary=FakeVocabulary(profiles=profiles_by_ref()),
    )
    projector.open()
    project_to_end(projector, log)
    projector.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
