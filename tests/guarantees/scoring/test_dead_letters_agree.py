"""Every record that a read model rejected is a dead letter and the other way round; repaired, it is one record more."""

import json
import random
import signal

import psycopg
from psycopg import sql

from domain.positions import Position
from domain.topics import SENSOR_EVENTS
from infra.cli.doctor.dead_letters_agree import Agreement, compare_with_dead_letters
from infra.kafka.client.clients import producer
from infra.kafka.client.ends import LogEnds
from infra.kafka.meaning.contracts import load_contracts
from infra.postgres.builds import serving_build
from schemas.codec import encode
from tests.builders import a_reading
from tests.guarantees.log_account import account
from tests.guarantees.plant import MACHINES, Plant, ended, some_readings
from tests.stacks import must, wait_until


def compared(plant: Plant) -> Agreement:
    settings = plant.stack.settings
    return compare_with_dead_letters(
        settings.postgres_dsn, settings.kafka_bootstrap, load_contracts(settings.kafka_bootstrap)
    )


def proven(plant: Plant) -> tuple[int, int]:
    """Return how `contracts prove` ends, and how many unreadable records it knows nothing of."""
    done = plant.stack.run("contracts", "prove", "--json")
    unreadable = json.loads(done.stdout)["unreadable"]
    return done.returncode, sum(one["records"] - one["known"] for one in unreadable)


def projected_to_the_end(plant: Plant) -> bool:
    """Return whether every serving build that reads sensor-events has passed everything there is, markers too."""
    with psycopg.connect(plant.stack.settings.postgres_dsn) as connection:
        ends = LogEnds(plant.bootstrap).written((SENSOR_EVENTS, partition) for partition in range(8))
        for name in ("readings", "sensors", "reading_buckets"):
            build = serving_build(connection, name)
            if build is None:
                return False
            table = sql.Identifier(build.schema, "checkpoint")
            rows = connection.execute(
                sql.SQL("SELECT partition, next_offset FROM {} WHERE topic = %s").format(table), [SENSOR_EVENTS]
            ).fetchall()
            if {partition: ends[SENSOR_EVENTS, partition] for partition, _ in rows} != dict(rows) or len(rows) != 8:
                return False
    return True


def test_rejected_and_dead_lettered_records_are_the_same_and_a_repaired_one_is_one_record(scored_plant: Plant) -> None:
    plant, rng = scored_plant, random.Random(11)
    contracts, client = load_contracts(plant.bootstrap), producer(plant.bootstrap)
    plant.flow(100, rng)
    good = encode(some_readings(plant.clock, 1, rng)[0], contracts)
    implausible = a_reading(600, machine_id=MACHINES[1], sensor_id="s", profile="pump@1", measurements={"speed": 1e9})
    for bad, key in (
        (b"poison", b"x"),
        (b"", b"x"),
        (None, b"x"),
        (good + b"\0", b"pump-00"),
        (good[:-3], b"pump-00"),
        (good, b"another-machine"),
        (encode(implausible, contracts), MACHINES[1].encode()),
    ):
        client.produce(SENSOR_EVENTS, bad, key)
    assert client.flush(30) == 0
    plant.flow(100, rng)
    assert proven(plant) == (1, 5)
    processes = [plant.telltale("scorer"), plant.telltale("projector")]
    try:
        plant.must_be_scored_exactly_once()
        assert proven(plant) == (0, 0)
        wait_until(lambda: projected_to_the_end(plant), deadline_s=120, what="every read model has passed everything")
        agreement = compared(plant)
        assert (agreement.letters, agreement.disagreements) == (7, ())
        assert len(agreement.builds) >= 3

        listed = json.loads(must(plant.stack.run("dead-letters", "list", "--json")).stdout)
        assert sorted(one["error"] for one in listed) == sorted(
            ["not_avro"] * 3 + ["trailing_bytes", "undecodable"] + ["not_admitted"] * 2
        )
        assert {one["state"] for one in listed} == {"open"}
        wrong_key = next(one["position"] for one in listed if "key" in one["message"])
        poison = next(one["position"] for one in listed if "starts with byte" in one["message"])
        implausible_at = next(one["position"] for one in listed if "speed" in one["message"])

        before = account(plant.bootstrap)
        refused = plant.stack.run("dead-letters", "redrive", implausible_at)
        assert (refused.returncode, "would be refused again" in refused.stderr) == (4, True)
        repaired = plant.stack.home / "repaired.json"
        repaired.write_text(
            json.dumps(
                {
                    "machine_id": MACHINES[1],
                    "sensor_id": "s",
                    "profile": "pump",
                    "recorded_at": implausible.recorded_at.isoformat(),
                    "measurements": {"speed": 51.0},
                }
            )
        )
        words = ("dead-letters", "redrive", implausible_at, "--value-file", str(repaired), "--json")
        first, again = (json.loads(must(plant.stack.run(*words)).stdout) for _ in range(2))
        assert first["redriven_as"] == again["redriven_as"]
        assert (first["repeated"], again["repeated"]) == (False, True)
        must(plant.stack.run("dead-letters", "redrive", wrong_key))
        must(plant.stack.run("dead-letters", "discard", poison, "--because", "a test"))
        after = account(plant.bootstrap)
        assert set(after.readings) - set(before.readings) == {
            first["redriven_as"],
            next(
                one["redriven_as"]
                for one in json.loads(must(plant.stack.run("dead-letters", "list", "--json")).stdout)
                if one["position"] == wrong_key
            ),
        }
        plant.must_be_scored_exactly_once()
        assert "not_avro" in must(plant.stack.run("dead-letters", "show", poison)).stdout
        states = {
            one["position"]: one["state"]
            for one in json.loads(must(plant.stack.run("dead-letters", "list", "--json")).stdout)
        }
        assert states == {
            **{one["position"]: "open" for one in listed},
            implausible_at: "redriven",
            wrong_key: "redriven",
            poison: "discarded",
        }
        wait_until(lambda: projected_to_the_end(plant), deadline_s=60, what="every read model has passed everything")
        assert compared(plant).disagreements == ()
    finally:
        for process in processes:
            ended(process, by=signal.SIGTERM)
    lose_one_rejection(plant, Position.parse(poison))
    (disagreement,) = compared(plant).disagreements
    assert disagreement.only_dead_lettered == (poison,)
    assert poison in plant.stack.run("doctor").stdout


def lose_one_rejection(plant: Plant, at: Position) -> None:
    with psycopg.connect(plant.stack.settings.postgres_dsn) as connection:
        build = serving_build(connection, "readings")
        assert build is not None
        connection.execute(
            sql.SQL('DELETE FROM {} WHERE partition = %s AND "offset" = %s').format(
                sql.Identifier(build.schema, "rejected")
            ),
            [at.partition, at.offset],
        )
