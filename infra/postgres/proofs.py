"""Proofs as they are kept: what was compared, where, and what was found."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import psycopg
from psycopg.types.json import Jsonb

from projections.build_proof import Proof
from projections.fingerprint import SEEDS, Fingerprint

_WRITE: Final = """
INSERT INTO telltale.proofs (
    read_model, build, against_build, proved_at, equal, same_sql, rows, seconds, positions, fingerprint,
    against_fingerprint, differences
)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
RETURNING proof
"""


def write_proof(connection: psycopg.Connection, proof: Proof) -> int:
    """Write a proof down and return its number."""
    row = connection.execute(
        _WRITE,
        [
            proof.read_model,
            proof.build,
            proof.against_build,
            proof.proved_at,
            proof.equal,
            proof.same_sql,
            proof.rows,
            proof.seconds,
            Jsonb({str(where): offset for where, offset in sorted(proof.positions.items())}),
            Jsonb(_summary(proof.fingerprint)),
            Jsonb(_summary(proof.against_fingerprint)),
            Jsonb([asdict(difference) for difference in proof.differences]),
        ],
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert that returns has a row
    return int(row[0])


def _summary(fingerprint: Fingerprint) -> Mapping[str, Any]:
    """Return a fingerprint by table, its buckets added up; sums as text, since JSON readers round large numbers."""
    return {
        name: {
            "columns": table.columns,
            "rows": table.rows,
            "sums": [str(sum(bucket.sums[seed] for bucket in table.buckets.values())) for seed in range(len(SEEDS))],
        }
        for name, table in fingerprint.tables.items()
    }
