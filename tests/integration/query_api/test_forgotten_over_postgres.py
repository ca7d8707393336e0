"""What a read model no longer keeps is not answered as if it had never been: 410 over rows that are really gone."""

from datetime import timedelta

from infra.host.embedded.postgres import PostgresService
from infra.postgres.builds import ensure_serving_build
from infra.postgres.connections import connect_for_writing
from tests.builders import NOON
from tests.integration.projections.projecting import a_projector, project_to_end
from tests.integration.projections.rebuild.test_retention import KEPT_DAYS, a_log_of_days, a_vocabulary, forgetful
from tests.integration.query_api.conftest import Plant, a_database, client_of, say


def test_as_of_a_moment_beyond_the_days_kept_is_410_and_within_them_the_rows(postgres: PostgresService) -> None:
    plant = Plant(a_log_of_days(5), a_database(postgres, "forgetful"))
    plant.now = NOON + timedelta(days=5)
    with connect_for_writing(plant.dsn, name="test") as connection:
        build = ensure_serving_build(connection, forgetful())
        with a_projector(plant.dsn, build, forgetful(), plant.log, a_vocabulary()) as projector:
            projector.open()
            project_to_end(projector, plant.log)
        say(connection, "readings")
        newest, oldest, held = connection.execute(
            "SELECT max(known_at), min(known_at), count(*) FROM readings_b1.readings"
        ).fetchone() or (NOON, NOON, 0)
    with client_of(plant, postgres) as client:
        route = "/read-models/readings/readings"
        now = client.get(route, params={"limit": 1000})
        assert len(now.json()["rows"]) == held
        first = newest - timedelta(days=KEPT_DAYS)
        assert oldest <= first
        kept = client.get(route, params={"as_of": first.isoformat(), "limit": 1000})
        assert kept.status_code == 200
        assert 0 < len(kept.json()["rows"]) < held
        forgotten = client.get(route, params={"as_of": (first - timedelta(microseconds=1)).isoformat()})
        assert (forgotten.status_code, forgotten.headers["Content-Type"]) == (410, "application/problem+json")
        assert (
            f"readings keeps {KEPT_DAYS} days and knows nothing before {first.isoformat()}"
            in (forgotten.json()["detail"])
        )
