"""The ledger's own writer writes what fastavro writes."""

import io
import random

import fastavro
import pytest

from schemas.catalogue import schema_of
from schemas.ledger import LEDGER, write_ledger
from tests.repetition import seeds


def a_ledger(rng: random.Random) -> dict[str, object]:
    slots = rng.choice([0, 1, 63, 64, 5_000])
    return {
        "source_topic": "sensor-events",
        "source_partition": rng.randrange(8),
        "from_offset": rng.randrange(10**12),
        "next_offset": rng.randrange(10**12),
        "columns": [
            {"detector": kind, "scores": tuple(rng.choice([rng.random(), float("nan")]) for _ in range(slots))}
            for kind in ("spike", "häufig", "isolation_forest")[: rng.randrange(4)]
        ],
        "abnormal": [rng.randrange(10**9) for _ in range(rng.randrange(3))],
        "flags": [{"name": "late", "ranges": [3, 5]}][: rng.randrange(2)],
        "models": [{"profile": "pump@1", "model": "pump/1", "artifact_sha256": "0" * 64}][: rng.randrange(2)],
        "inputs": {"model-events": 7},
        "run_id": rng.choice([None, "a-run"]),
    }


@pytest.mark.parametrize("seed", seeds(30))
def test_bytes_are_those_of_the_general_writer(seed: int) -> None:
    ledger = a_ledger(random.Random(seed))
    wanted, written = io.BytesIO(), io.BytesIO()
    fastavro.schemaless_writer(wanted, fastavro.parse_schema(schema_of(LEDGER).definition), ledger)
    write_ledger(written, ledger)
    assert written.getvalue() == wanted.getvalue()
