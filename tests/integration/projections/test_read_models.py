"""Given events, then rows: what each read model makes of them."""

import math
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import psycopg

from domain.models import ModelPromoted, ModelRef, ModelTrained
from domain.scoring import FlaggedRanges, ReadingsScored, ScoreColumn
from tests.builders import NOON, a_profile, a_reading
from tests.fakes.projections import FakeLog, FakeVocabulary
from tests.integration.projections.projecting import projected

ENVIRONMENT = a_profile()
MINUTE = timedelta(minutes=1)


def test_a_reading_has_its_values_in_the_profiles_order_and_its_label(
    connection: psycopg.Connection, database: str
) -> None:
    log = FakeLog()
    reading = a_reading(3, measurements={"vibration": 2.0, "temperature": 1.0}, anomaly_type="spike")
    log.append(reading, partition=2)
    projected(connection, database, "readings", log, _vocabulary())
    row = connection.execute(
        'SELECT machine_id, sensor_id, profile, event_id, recorded_at, position, "values", anomaly_type'
        " FROM readings_named"
    ).fetchone()
    assert row is not None
    *named, values, label = row
    assert named == ["hall-a", "north", "environment@1", reading.event_id, reading.recorded_at, "sensor-events/2/0"]
    assert (values[0], math.isnan(values[1]), values[2], label) == (1.0, True, 2.0, "spike")


def test_buckets_hold_count_least_most_and_exact_sum_by_minute_and_minute_known(
    connection: psycopg.Connection, database: str
) -> None:
    log = FakeLog()
    for second, value, known_s in ((1, 0.1, 5), (2, 0.2, 6), (3, 0.7, 65), (61, 9.0, 66)):
        log.append(a_reading(second, measurements={"pressure": value}), appended_s=known_s)
    projected(connection, database, "reading_buckets", log, _vocabulary())
    rows = connection.execute(
        "SELECT starts_at, known_from, channel, readings, minimum, maximum, total FROM reading_buckets"
        " WHERE width_s = 60 ORDER BY 1, 2"
    ).fetchall()
    assert rows == [
        (NOON, NOON, 2, 2, 0.1, 0.2, Decimal("0.3")),
        (NOON, NOON + MINUTE, 2, 1, 0.7, 0.7, Decimal("0.7")),
        (NOON + MINUTE, NOON + MINUTE, 2, 1, 9.0, 9.0, Decimal(9)),
    ]
    counts = connection.execute(
        "SELECT width_s, starts_at, readings, first_offset, last_offset FROM reading_counts"
        " WHERE width_s > 60 ORDER BY 1"
    ).fetchall()
    assert counts == [(3600, NOON, 4, 0, 3), (86400, NOON - timedelta(hours=12), 4, 0, 3)]


def test_the_same_reading_twice_is_one_reading_in_every_read_model(
    connection: psycopg.Connection, database: str
) -> None:
    log = FakeLog()
    for second in (1, 2, 2, 1, 3, 2):
        log.append(a_reading(second))
    expected = {
        "readings": ('SELECT count(*), max("offset") FROM readings', (3, 4)),
        "reading_buckets": ("SELECT readings, last_offset FROM reading_counts WHERE width_s = 60", (3, 4)),
        "sensors": ("SELECT readings, newest_offset FROM sensors JOIN sensor_minutes USING (readings)", (3, 4)),
    }
    for name, (query, row) in expected.items():
        projected(connection, database, name, log, _vocabulary())
        assert connection.execute(query).fetchone() == row


def test_one_id_of_two_sensors_or_of_two_times_is_two_readings(connection: psycopg.Connection, database: str) -> None:
    log = FakeLog()
    shared = a_reading(1)
    for reading in (
        shared,
        replace(shared, sensor_id="south"),
        replace(shared, recorded_at=shared.recorded_at + MINUTE),
        replace(shared, profile="environment@2"),
    ):
        log.append(reading)
    vocabulary = FakeVocabulary(
        profiles={profile.ref: profile for profile in (ENVIRONMENT, replace(ENVIRONMENT, version=2))}
    )
    projected(connection, database, "readings", log, vocabulary)
    assert connection.execute('SELECT "offset" FROM readings ORDER BY 1').fetchall() == [(0,), (1,), (2,)]
    assert connection.execute("SELECT count(*) FROM series").fetchone() == (2,)


def test_the_newest_reading_is_the_newest_that_is_neither_late_nor_ahead_of_the_log(
    connection: psycopg.Connection, database: str
) -> None:
    log = FakeLog()
    for second, appended_s in ((50, 51), (90, 91), (20, 92), (900, 93), (90, 130)):
        log.append(a_reading(second, measurements={"pressure": appended_s / 10}), appended_s=appended_s)
    projected(connection, database, "sensors", log, _vocabulary())
    seen = connection.execute("SELECT readings, first_recorded_at FROM sensors").fetchone()
    newest = connection.execute('SELECT recorded_at, "offset", clock_ahead FROM newest_readings').fetchone()
    minutes = connection.execute("SELECT readings, newest_offset FROM sensor_minutes ORDER BY known_minute").fetchall()
    assert seen == (5, NOON + timedelta(seconds=20))
    assert newest == (NOON + timedelta(seconds=90), 1, False)
    assert minutes == [(1, 0), (4, 1), (5, 1)]


def test_a_sensor_whose_clock_is_always_ahead_has_a_newest_reading_too(
    connection: psycopg.Connection, database: str
) -> None:
    log = FakeLog()
    for second in (3600, 3700):
        log.append(a_reading(second), appended_s=10)
    projected(connection, database, "sensors", log, _vocabulary())
    assert connection.execute('SELECT "offset", clock_ahead FROM newest_readings').fetchall() == [(1, True)]


def test_the_first_description_of_a_profile_counts(connection: psycopg.Connection, database: str) -> None:
    log = FakeLog()
    for channels in (("temperature", "pressure"), ("vibration",)):
        log.append(a_profile(channels=channels), topic="profile-events", key="environment")
    projected(connection, database, "sensors", log, _vocabulary())
    assert connection.execute("SELECT profile, channel, name FROM channels ORDER BY channel").fetchall() == [
        ("environment@1", 1, "temperature"),
        ("environment@1", 2, "pressure"),
    ]


def test_scores_stand_at_their_offsets_and_flags_are_ranges(connection: psycopg.Connection, database: str) -> None:
    log = FakeLog()
    ledger = ReadingsScored(
        source_topic="sensor-events",
        source_partition=3,
        from_offset=100,
        next_offset=103,
        columns=(ScoreColumn(detector="isolation_forest", scores=(0.25, math.nan, 1.5)),),
        abnormal=(102,),
        flags=(FlaggedRanges(name="absent", ranges=(101, 102)),),
        models=(),
        inputs={"model-events": 4},
    )
    log.append(ledger, topic="anomaly-events", partition=3)
    projected(connection, database, "scoring", log, _vocabulary())
    scored = connection.execute(
        "SELECT scores[102 - from_offset + 1], scores[101 - from_offset + 1] = 'NaN' FROM ledger_scores"
    ).fetchone()
    flagged = connection.execute("SELECT name, source_partition, first_offset, next_offset FROM ledger_flags")
    assert scored == (1.5, True)
    assert flagged.fetchall() == [("absent", 3, 101, 102)]


def test_a_champion_is_in_force_until_the_next_of_its_line(connection: psycopg.Connection, database: str) -> None:
    log = FakeLog()
    for name, version in (("pump", 1), ("environment", 1), ("pump", 2)):
        log.append(_promotion(name, version), topic="model-events", key=name)
    projected(connection, database, "models", log, _vocabulary())
    rows = connection.execute('SELECT name, version, "offset", until_offset FROM champions ORDER BY "offset"')
    assert rows.fetchall() == [("pump", 1, 0, 2), ("environment", 1, 1, None), ("pump", 2, 2, None)]


def test_an_undefined_metric_is_null(connection: psycopg.Connection, database: str) -> None:
    log = FakeLog()
    trained = ModelTrained(
        model=_ref("pump", 1),
        detectors=("isolation_forest",),
        manifest="{}",
        manifest_sha256="ab",
        rows=3,
        metrics={"precision": math.nan, "rows_per_s": 2.5},
        parameters={},
    )
    log.append(trained, topic="model-events", key="pump")
    projected(connection, database, "models", log, _vocabulary())
    row = connection.execute("SELECT metrics FROM model_versions").fetchone()
    assert row == ({"precision": None, "rows_per_s": 2.5},)


def _promotion(name: str, version: int) -> ModelPromoted:
    return ModelPromoted(model=_ref(name, version), replaces=None, because="test", actor="tester", forced=False)


def _ref(name: str, version: int) -> ModelRef:
    return ModelRef(profile=f"{name}@1", name=name, version=version, artifact_sha256=f"{name}-{version}")


def _vocabulary() -> FakeVocabulary:
    return FakeVocabulary(profiles={ENVIRONMENT.ref: ENVIRONMENT})
