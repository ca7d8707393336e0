"""What `telltale contracts prove` found, kept where the API reads it."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Final

import psycopg
from psycopg.types.json import Jsonb

from infra.postgres.connections import connect_for_writing
from infra.postgres.migrate import migrate
from projections.ports import StoreUnavailable
from schemas.proof import Proof

_KEEP: Final = """
INSERT INTO telltale.contract_proofs (proved_at, seconds, holds, records, ends, readable, unreadable)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


def keep_contract_proof(
    dsn: str, proof: Proof, *, ends: Mapping[str, int], proved_at: datetime, seconds: float
) -> None:
    """Write the proof down; `ends` has for each topic/partition the offset before which everything was read.

    Raises:
        StoreUnavailable: PostgreSQL does not answer.
    """
    with connect_for_writing(dsn, name="contract proof") as connection:
        try:
            migrate(connection)
            connection.execute(
                _KEEP,
                [
                    proved_at,
                    seconds,
                    proof.holds,
                    proof.records,
                    Jsonb(dict(ends)),
                    Jsonb([asdict(group) for group in proof.readable]),
                    Jsonb([asdict(group) for group in proof.unreadable]),
                ],
            )
        except psycopg.OperationalError as error:
            raise StoreUnavailable(f"PostgreSQL: {error}") from error
