"""The query API over a real PostgreSQL that holds a plant, built by the projectors."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count

import psycopg
import pytest
from fastapi.testclient import TestClient

from domain.profiles import ProfileDefined
from infra.host.embedded.postgres import OWNER, READER, PostgresService
from infra.postgres.builds import ensure_serving_build
from infra.postgres.connections import connect_for_writing
from infra.postgres.migrate import migrate
from infra.postgres.projection_store import PostgresProjectionStore
from infra.settings import Settings
from infra.wiring.container import Container
from projections.folder import folder_names, load_folder
from projections.projector import Projector
from query_api.drifting import DriftMeter
from tests.builders import NOON
from tests.fakes.outlook import FakeJudgingOutlook, FakeLogOutlook, FakeRegistryOutlook, FakeStackOutlook
from tests.fakes.projections import FakeLog, FakeRecordSource, FakeVocabulary
from tests.integration.projections.conftest import postgres
from tests.integration.query_api.a_plant import PROFILE, SECONDS, a_plant

__all__ = ["postgres"]

_numbers = count(1)


class Plant:
    """A log, and the database it is projected into."""

    def __init__(self, log: FakeLog, dsn: str, profiles: Sequence[ProfileDefined] = (PROFILE,)) -> None:
        self.log = log
        self.dsn = dsn
        self.profiles = profiles
        self.now = NOON + timedelta(seconds=SECONDS)

    def project(self, *names: str) -> None:
        """Bring these read models (default: all) to the log's end, and let each projector say so."""
        for name in names or folder_names():
            with connect_for_writing(self.dsn, name="test") as connection:
                folder = load_folder(name)
                build = ensure_serving_build(connection, folder)
                projector = Projector(
                    folder=folder,
                    build=build.schema,
                    source=FakeRecordSource(self.log),
                    store=PostgresProjectionStore(self.dsn, build, folder),
                    vocabulary=FakeVocabulary(contracts=self.log.contracts, learns=[*self.profiles]),
                )
                projector.open()
                while projector.step():
                    pass
                projector.settle()
                projector.close()
                say(connection, name)


def say(connection: psycopg.Connection, read_model: str, *, state: str = "running", lag_seconds: float = 0.2) -> None:
    """Write down what a projector says of its first build; in an hour's time, so that no test is too slow for it."""
    connection.execute(
        "INSERT INTO telltale.projector_status (read_model, build, state, lag_offsets, lag_seconds,"
        " records_per_second, updated_at) VALUES (%s, 1, %s, 0, %s, 40, now() + interval '1 hour')"
        " ON CONFLICT (read_model, build) DO UPDATE SET state = EXCLUDED.state",
        [read_model, state, lag_seconds],
    )


def a_database(postgres: PostgresService, name: str) -> str:
    """Return the DSN of an empty, migrated database."""
    with psycopg.connect(postgres.dsn("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {OWNER}".encode())
    dsn = postgres.dsn(OWNER, name)
    with connect_for_writing(dsn, name="test") as connection:
        migrate(connection)
    return dsn


@pytest.fixture(scope="session")
def shared_plant(postgres: PostgresService) -> Plant:
    """Return a plant that no test changes."""
    made = Plant(a_plant(), a_database(postgres, "shared_plant"))
    made.project()
    return made


@pytest.fixture
def plant(postgres: PostgresService) -> Plant:
    """Return a plant of the test's own."""
    made = Plant(a_plant(), a_database(postgres, f"plant_{next(_numbers)}"))
    made.project()
    return made


@pytest.fixture
def client(shared_plant: Plant, postgres: PostgresService) -> Iterator[TestClient]:
    """Yield a client of the API over the plant that no test changes."""
    with client_of(shared_plant, postgres) as opened:
        yield opened


@pytest.fixture
def own_client(plant: Plant, postgres: PostgresService) -> Iterator[TestClient]:
    """Yield a client of the API over the test's own plant."""
    with client_of(plant, postgres) as opened:
        yield opened


def client_of(plant: Plant, postgres: PostgresService, drift_meter: DriftMeter | None = None) -> TestClient:
    """Return a client of an API that reads as the read-only role; its clock is the plant's."""
    name = psycopg.conninfo.conninfo_to_dict(plant.dsn)["dbname"]

    def clock() -> datetime:
        return plant.now

    container = Container()
    container.settings.override(Settings(postgres_reader_dsn=postgres.dsn(READER, str(name))))
    container.log_outlook.override(FakeLogOutlook())
    container.registry_outlook.override(FakeRegistryOutlook())
    container.judging_outlook.override(FakeJudgingOutlook())
    container.stack_outlook.override(FakeStackOutlook())
    container.clock.override(clock)
    if drift_meter is not None:
        container.drift_meter.override(drift_meter)
    return TestClient(container.query_app())
