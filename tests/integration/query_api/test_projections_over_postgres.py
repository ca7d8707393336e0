"""GET /projections: read models with their builds, the last proof and the last swap."""

from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

from infra.host.embedded.postgres import PostgresService
from infra.postgres.builds import create_build
from projections.folder import load_folder
from tests.integration.query_api.conftest import Plant, client_of

DIFFERENCES = [
    {
        "table": "readings",
        "buckets": [17],
        "only_here": 0,
        "only_there": 0,
        "different": 1,
        "examples": [{"key": {"offset": "4"}, "here": {"values": "{1}"}, "there": {"values": "{2}"}}],
    }
]


def test_a_read_model_never_rebuilt_has_one_build_and_no_proof(plant: Plant, postgres: PostgresService) -> None:
    readings = the_item(plant, postgres, "readings")
    [build] = readings["builds"]
    assert (build["build"], build["serving"], build["state"], build["lag_offsets"]) == (1, True, "running", 0)
    assert datetime.fromisoformat(build["created_at"]) <= datetime.fromisoformat(build["loaded_at"])
    assert (readings["last_proof"], readings["swapped_at"], readings["swapped_because"]) == (None, None, None)


def test_an_interrupted_rebuild_is_an_unfinished_build_beside_the_serving_one(
    plant: Plant, postgres: PostgresService
) -> None:
    with psycopg.connect(plant.dsn, autocommit=True) as connection:
        create_build(connection, load_folder("readings"), followed=False)
    readings = the_item(plant, postgres, "readings")
    newest = readings["builds"][0]
    assert (newest["build"], newest["serving"], newest["state"]) == (2, False, "unfinished")
    assert (readings["build"], readings["state"]) == (1, "running")


def test_the_last_proof_and_the_last_swap_are_shown(plant: Plant, postgres: PostgresService) -> None:
    with psycopg.connect(plant.dsn, autocommit=True) as connection:
        create_build(connection, load_folder("readings"))
        for equal, differences in ((True, []), (False, DIFFERENCES)):
            connection.execute(
                "INSERT INTO telltale.proofs (read_model, build, against_build, proved_at, equal, same_sql, rows,"
                " seconds, positions, fingerprint, against_fingerprint, differences)"
                " VALUES ('readings', 2, 1, now(), %s, true, 7, 0.1, %s, '{}', '{}', %s)",
                [equal, Jsonb({"sensor-events/0": 42}), Jsonb(differences)],
            )
        connection.execute(
            "INSERT INTO telltale.swaps (read_model, from_build, to_build, undo, swapped_at, seconds, actor, because,"
            " proof) VALUES ('readings', 1, 2, false, now(), 0.01, 'somebody', 'the log is right', 2)"
        )
    readings = the_item(plant, postgres, "readings")
    proof = readings["last_proof"]
    assert (proof["equal"], proof["build"], proof["against_build"], proof["rows"]) == (False, 2, 1, 7)
    assert proof["positions"] == {"sensor-events/0": 42}
    assert proof["differences"] == DIFFERENCES
    assert readings["swapped_because"] == "the log is right"
    assert readings["swapped_at"] is not None
    assert the_item(plant, postgres, "sensors")["last_proof"] is None


def the_item(plant: Plant, postgres: PostgresService, read_model: str) -> dict:  # type: ignore[type-arg]
    with client_of(plant, postgres) as client:
        items = client.get("/projections").json()["items"]
    names = [item["read_model"] for item in items]
    assert len(set(names)) == len(names)
    return next(item for item in items if item["read_model"] == read_model)
