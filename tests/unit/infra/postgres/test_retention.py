"""What is too old is dropped once for each new horizon, and again when the transaction that did it was rolled back."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import psycopg

from infra.postgres.retention import Retention
from projections.folder import Folder, load_folder

MONDAY, TUESDAY = (datetime(2026, 3, day, tzinfo=UTC) for day in (9, 10))


@dataclass
class Horizon:
    """A connection on which the horizon is what a test says; counts what is dropped."""

    at: datetime
    dropped: list[datetime] = field(default_factory=list)

    def execute(self, statement: Any, parameters: list[Any]) -> "Horizon":
        if not isinstance(statement, str):
            self.dropped.append(parameters[0])
        return self

    def fetchone(self) -> tuple[datetime]:
        return (self.at,)


def forgetful() -> Folder:
    texts = dict(load_folder("readings").texts)
    kept = 'keep_days = 2\n[keep_by]\nreadings = "known_at"\n[keys]'
    texts["projection.toml"] = texts["projection.toml"].replace("[keys]", kept)
    return Folder.from_texts(texts)


def test_a_crossing_that_was_rolled_back_is_made_again() -> None:
    retention, held = Retention(forgetful()), Horizon(MONDAY)
    connection = cast("psycopg.Connection", held)
    retention.enforce(connection, oldest=None)
    retention.committed()
    held.at = TUESDAY
    retention.enforce(connection, oldest=None)  # rolled back
    held.at = MONDAY
    retention.enforce(connection, oldest=MONDAY)  # a smaller batch, before the crossing
    retention.committed()
    held.at = TUESDAY
    retention.enforce(connection, oldest=TUESDAY)
    assert held.dropped == [MONDAY, TUESDAY, TUESDAY]
