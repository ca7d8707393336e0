"""The pointer to the serving build, and the one UPDATE that moves it.

It never moves to a build that is behind the one it leaves: a reader's next question would go back in time.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from time import monotonic
from typing import Final

import psycopg
from psycopg import sql

from infra.postgres.builds import CHANGED, Build, serving_build
from infra.postgres.connections import connect_for_writing, translated
from projections.builds import BuildBehind, Move, RebuildRefused
from projections.checkpoints import TopicPartition

LOCK_TIMEOUT_MS: Final = 10_000
"""A projector's transaction is over long before."""

_SWAP: Final = """
INSERT INTO telltale.swaps (read_model, from_build, to_build, undo, swapped_at, seconds, actor, because, proof)
VALUES (%s, %s, %s, %s, clock_timestamp(), %s, %s, %s, %s)
"""


class PostgresPointer:
    """A LockedPointer: the serving build's checkpoint rows are locked by this transaction."""

    def __init__(self, connection: psycopg.Connection, move: Move, actor: str) -> None:
        self._connection = connection
        self._move = move
        self._actor = actor
        self._began = monotonic()
        self._positions = _locked(connection, Build(move.read_model, move.from_build))

    @property
    def positions(self) -> Mapping[TopicPartition, int]:
        """Return the serving build's checkpoint, which nobody moves while this is held."""
        return self._positions

    def move(self, *, same_log: bool) -> None:
        """Let the other build serve once the block ends well, and let projectors follow it.

        Raises:
            BuildBehind: its checkpoint is below the serving one in a partition both have.
        """
        to = Build(self._move.read_model, self._move.to_build)
        reached = _locked(self._connection, to)
        behind = {
            where: offset - reached[where]
            for where, offset in self._positions.items()
            if where in reached and reached[where] < offset
        }
        if behind and same_log:
            raise BuildBehind(to.schema, behind)
        self._connection.execute(
            "UPDATE telltale.serving SET build = %s WHERE read_model = %s", [to.number, to.read_model]
        )
        self._connection.execute(
            "UPDATE telltale.builds SET followed = true WHERE read_model = %s AND build = %s",
            [to.read_model, to.number],
        )
        self._connection.execute(
            _SWAP,
            [
                to.read_model,
                self._move.from_build,
                to.number,
                self._move.undo,
                monotonic() - self._began,
                self._actor,
                self._move.because,
                self._move.proof,
            ],
        )
        self._connection.execute(sql.SQL("NOTIFY {}").format(sql.Identifier(CHANGED)))


@contextmanager
def pointer_held(dsn: str, move: Move, *, actor: str) -> Iterator[PostgresPointer]:
    """Yield the pointer with the serving checkpoint locked; commits when the block ends well.

    Raises:
        RebuildRefused: another build serves by now.
        StoreUnavailable: the server does not answer, or the lock is not to be had.
    """
    with closing(connect_for_writing(dsn, name=f"swap {move.read_model}")) as connection:
        try:
            connection.execute(sql.SQL("SET lock_timeout TO {}").format(sql.Literal(LOCK_TIMEOUT_MS)))
            with connection.transaction():
                # The pointer decides who may be asked, so its change reaches the disk before anybody hears of it.
                connection.execute("SET LOCAL synchronous_commit TO on")
                connection.execute("SELECT 1 FROM telltale.serving WHERE read_model = %s FOR UPDATE", [move.read_model])
                if serving_build(connection, move.read_model) != Build(move.read_model, move.from_build):
                    raise RebuildRefused(f"{move.read_model}: another build serves since this began; start again")
                yield PostgresPointer(connection, move, actor)
        except psycopg.Error as error:
            raise translated(error) from error


def _locked(connection: psycopg.Connection, build: Build) -> Mapping[TopicPartition, int]:
    rows = connection.execute(
        sql.SQL(
            "SELECT topic, partition, next_offset FROM {}.checkpoint ORDER BY topic, partition FOR NO KEY UPDATE"
        ).format(sql.Identifier(build.schema))
    )
    return {TopicPartition(topic, partition): offset for topic, partition, offset in rows}
