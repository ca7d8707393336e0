"""Whether the records that read models rejected and those in dead-letters are the same.

Both follow from one rule on the same bytes, so a difference means that one of them lost or invented a record.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

from domain.positions import Position
from domain.topics import SENSOR_EVENTS
from infra.kafka.client.clients import partitions_of
from infra.kafka.decisions.dead_letter_log import KafkaDeadLetterLog
from infra.kafka.scoring.history import KafkaScoringHistory
from infra.postgres.builds import Build, serving_build
from projections.batch_decoder import SKIPPED
from projections.folder import folder_names, load_folder
from schemas.contracts import Contracts

NAMED: Final = 20
"""Positions told of each kind of difference; the counts are of all."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Records of sensor-events on which a read model's build and dead-letters say different things."""

    build: str
    only_rejected: tuple[str, ...]
    only_dead_lettered: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.build}: " + ", ".join(
            f"{len(places)} only {where} ({', '.join(places[:NAMED])})"
            for where, places in (("rejected", self.only_rejected), ("in dead-letters", self.only_dead_lettered))
            if places
        )


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was compared: dead letters in the log, builds, and where they differ."""

    letters: int
    builds: tuple[str, ...]
    disagreements: tuple[Disagreement, ...]


def compare_with_dead_letters(dsn: str, bootstrap: str, contracts: Contracts) -> Agreement:
    """Compare the table `rejected` of every serving build that reads sensor-events with topic dead-letters.

    Only what both have passed is compared: offsets below the build's checkpoint and below the end of the score ledger.
    A record that people said to skip is left out: builds note it, whatever it holds.

    Raises:
        LogNotReachable, LogStalled: the log can't be read.
        psycopg.Error: the database can't.
    """
    history = KafkaScoringHistory(bootstrap, contracts)
    try:
        ledgers = {partition: history.newest_ledger(partition) for partition in partitions_of(SENSOR_EVENTS)}
    finally:
        history.close()
    scored = {partition: 0 if ledger is None else ledger.next_offset for partition, ledger in ledgers.items()}
    positions = {logged.letter.position for logged in KafkaDeadLetterLog(bootstrap, contracts).letters()}
    letters = {at for at in map(Position.parse, positions) if at.topic == SENSOR_EVENTS}
    with psycopg.connect(dsn, autocommit=True) as connection:
        builds = tuple(_builds(connection))
        compared = [_compared(connection, build, letters, scored) for build in builds]
    return Agreement(len(letters), tuple(build.schema for build in builds), tuple(filter(None, compared)))


def _builds(connection: psycopg.Connection) -> Iterator[Build]:
    for name in folder_names():
        if SENSOR_EVENTS in load_folder(name).topics and (build := serving_build(connection, name)) is not None:
            yield build


def _compared(
    connection: psycopg.Connection, build: Build, letters: set[Position], scored: dict[int, int]
) -> Disagreement | None:
    # One statement, so that checkpoint and rows are of one moment: the projector goes on meanwhile.
    rows = connection.execute(
        sql.SQL(
            """
            SELECT checkpoint.partition, checkpoint.next_offset, rejected."offset", rejected.error
            FROM {checkpoint} AS checkpoint
            LEFT JOIN {rejected} AS rejected USING (topic, partition)
            WHERE checkpoint.topic = %s
            """
        ).format(
            checkpoint=sql.Identifier(build.schema, "checkpoint"), rejected=sql.Identifier(build.schema, "rejected")
        ),
        [SENSOR_EVENTS],
    ).fetchall()
    upto = {partition: min(next_offset, scored[partition]) for partition, next_offset, _, _ in rows}
    skipped = {Position(SENSOR_EVENTS, part, offset) for part, _, offset, error in rows if error == SKIPPED}
    rejected = {Position(SENSOR_EVENTS, part, offset) for part, _, offset, _ in rows if offset is not None}

    def passed(places: set[Position]) -> set[Position]:
        return {at for at in places if at.offset < upto.get(at.partition, 0)} - skipped

    only_rejected, only_letters = passed(rejected) - passed(letters), passed(letters) - passed(rejected)
    if not only_rejected and not only_letters:
        return None
    return Disagreement(build.schema, _told(only_rejected), _told(only_letters))


def _told(places: set[Position]) -> tuple[str, ...]:
    ordered: Sequence[Position] = sorted(places, key=lambda at: (at.partition, at.offset))
    return tuple(map(str, ordered))
