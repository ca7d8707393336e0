"""keep_days: what is dropped follows from the records read, so a rebuilt read model equals the live one."""

from dataclasses import replace
from random import Random

import psycopg
import pytest
from psycopg import sql

from infra.postgres.builds import Build, create_build
from infra.postgres.fingerprints import build_fingerprint
from projections.fingerprint import Fingerprint, differing_buckets
from projections.folder import Folder, FolderRefused, load_folder
from tests.builders import a_profile, a_reading
from tests.fakes.projections import FakeLog, FakeVocabulary
from tests.integration.projections.projecting import a_projector, project_to_end
from tests.integration.projections.rebuild.rebuilding import desk

DAY_S = 86_400
KEPT_DAYS = 2


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_what_is_kept_follows_from_the_newest_record_and_not_from_batches(
    connection: psycopg.Connection, dsn: str, seed: int | None
) -> None:
    log = a_log_of_days(5)
    build = projected(connection, dsn, log, chance=None if seed is None else Random(seed))
    place = sql.Identifier(build.schema, "readings")
    kept = connection.execute(sql.SQL("SELECT min(known_at), max(known_at), count(*) FROM {}").format(place)).fetchone()
    assert kept is not None
    first, last, count = kept
    assert last.date().toordinal() - first.date().toordinal() == KEPT_DAYS
    assert 0 < count < sum(map(len, log.records.values()))
    straight = projected(connection, dsn, log, chance=None)
    assert differing_buckets(fingerprint(connection, build), fingerprint(connection, straight)) == {}


def test_a_rebuild_of_a_read_model_that_forgets_equals_the_live_one(connection: psycopg.Connection, dsn: str) -> None:
    log = a_log_of_days(3)
    build = projected(connection, dsn, log, chance=Random(1))
    connection.execute("INSERT INTO telltale.serving VALUES ('readings', %s)", [build.number])
    for day in (4, 5):
        append_a_day(log, day)
        with a_projector(dsn, build, forgetful(), log, a_vocabulary()) as projector:
            projector.open()
            project_to_end(projector, log)
    assert desk(dsn, log, forgetful()).prove("readings").whole


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ("keep_days = 3", "go together"),
        ('keep_days = 0\n[keep_by]\nreadings = "known_at"', "1 or more"),
        ('keep_days = 3\n[keep_by]\nothers = "known_at"', "which .keys. does not"),
    ],
)
def test_a_wrong_promise_is_refused(stated: str, reason: str) -> None:
    texts = dict(load_folder("readings").texts)
    texts["projection.toml"] = texts["projection.toml"].replace("[keys]", f"{stated}\n[keys]")
    with pytest.raises(FolderRefused, match=reason):
        Folder.from_texts(texts)


def forgetful() -> Folder:
    """Return `readings` that keeps KEPT_DAYS."""
    texts = dict(load_folder("readings").texts)
    kept = f'keep_days = {KEPT_DAYS}\n[keep_by]\nreadings = "known_at"\n[keys]'
    texts["projection.toml"] = texts["projection.toml"].replace("[keys]", kept)
    return replace(Folder.from_texts(texts))


def a_log_of_days(days: int) -> FakeLog:
    log = FakeLog()
    for day in range(days):
        append_a_day(log, day)
    return log


def append_a_day(log: FakeLog, day: int) -> None:
    """Append some readings of a day; partition 1 is silent on the later days, so its rows grow old in other hands."""
    for number in range(12):
        partition = number % 3
        if partition == 1 and day > 1:
            continue
        second = day * DAY_S + number * 3600
        log.append(a_reading(second, machine_id=f"machine-{partition}"), partition=partition, appended_s=second)


def projected(connection: psycopg.Connection, dsn: str, log: FakeLog, *, chance: Random | None) -> Build:
    build = create_build(connection, forgetful())
    with a_projector(dsn, build, forgetful(), log, a_vocabulary(), chance=chance) as projector:
        projector.open()
        project_to_end(projector, log)
    return build


def a_vocabulary() -> FakeVocabulary:
    profile = a_profile()
    return FakeVocabulary(profiles={profile.ref: profile})


def fingerprint(connection: psycopg.Connection, build: Build) -> Fingerprint:
    return build_fingerprint(connection, build, forgetful())
