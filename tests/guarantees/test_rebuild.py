"""What a rebuild promises, on the real stack: one sentence a test."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Self

import httpx
import psycopg
import pytest

from tests.guarantees import crashing_rebuild
from tests.guarantees.rebuild_plant import DEADLINE_S, RebuildPlant, swapped
from tests.stacks import StackOfTests, must, wait_until

NO = 1
INTERRUPTED = 130


@pytest.fixture(scope="module")
def plant(empty_stack: StackOfTests) -> Iterator[RebuildPlant]:
    """Let a projector and the API run; the tests leave the plant as they want to find it: everything running."""
    plant = RebuildPlant(empty_stack)
    try:
        plant.prepare()
        plant.send(4_000)
        plant.start("projector", "api")
        plant.wait_until_projected("readings", "reading_buckets", "sensors")
        yield plant
    finally:
        plant.stop()


def rebuild(plant: RebuildPlant, read_model: str, *words: str) -> int:
    """Rebuild and return the build that serves then."""
    return swapped(json.loads(must(plant.run("rebuild", read_model, "--json", *words)).stdout))


def test_the_candidate_stops_at_o_when_the_record_before_it_is_a_marker(plant: RebuildPlant) -> None:
    must(plant.run("projections", "pause", "readings"))
    wait_until(lambda: plant.states()["readings"]["state"] == "paused", deadline_s=DEADLINE_S, what="readings rests")
    cut = plant.positions("readings", plant.serving("readings"))
    build = plant.serving("readings")
    rows = plant.rows(
        f"SELECT partition, last_offset, next_offset FROM readings_b{build}.checkpoint"  # noqa: S608
        " WHERE last_offset IS NOT NULL"
    )
    assert all(next_offset - 1 > last_offset for _, last_offset, next_offset in rows), "no marker stands before the cut"
    assert len(rows) > 1
    plant.send(160)
    try:
        build = rebuild(plant, "readings")
        assert plant.positions("readings", build) == cut
    finally:
        must(plant.run("projections", "resume", "readings"))
    plant.wait_until_projected("readings")
    assert plant.rows("SELECT count(*) FROM readings") == [(plant.sent,)]


def test_an_old_snapshot_reads_the_old_build_after_the_swap(plant: RebuildPlant) -> None:
    question = "SELECT count(*), max(known_at) FROM readings"
    before = plant.serving("readings")
    with psycopg.connect(plant.stack.settings.postgres_reader_dsn) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        pointer = "SELECT build FROM telltale.serving WHERE read_model = 'readings'"
        assert reader.execute(pointer).fetchone() == (before,)
        reader.execute(f"SET LOCAL search_path TO readings_b{before}".encode())
        first = reader.execute(question).fetchone()
        plant.send(16)
        assert rebuild(plant, "readings") != before
        assert (reader.execute(pointer).fetchone(), reader.execute(question).fetchone()) == ((before,), first)
    plant.wait_until_projected("readings")


def test_a_swap_with_changed_columns_fails_no_reader(plant: RebuildPlant) -> None:
    must(plant.run("projections", "new", "daily"))
    folder = plant.stack.home / "projections" / "daily"
    plant.wait_until_projected("daily")
    with plant.api() as api, Readers(api, "/read-models/daily/daily", column="readings") as readers:
        for number in range(3):
            add_column(folder, f"extra_{number}")
            rebuild(plant, "daily", "--accept", "one more column")
            plant.send(32)
            must(plant.run("rebuild", "daily", "--undo"))
            must(plant.run("rebuild", "daily", "--undo"))
        readers.must_have_seen(builds=4)
    assert readers.failed == []
    assert readers.wrong == []


def test_undo_after_live_events_loses_no_row(plant: RebuildPlant) -> None:
    before = plant.serving("readings")
    rebuild(plant, "readings")
    plant.send(320)
    plant.wait_until_projected("readings")
    must(plant.run("rebuild", "readings", "--undo"))
    assert plant.serving("readings") == before
    assert plant.rows("SELECT count(*) FROM readings") == [(plant.sent,)]
    plant.send(16)
    plant.wait_until_projected("readings")
    assert plant.rows("SELECT count(*) FROM readings") == [(plant.sent,)]


def test_new_sql_does_not_touch_the_serving_build(plant: RebuildPlant) -> None:
    must(plant.run("projections", "new", "untouched"))
    plant.wait_until_projected("untouched")
    step = plant.stack.home / "projections" / "untouched" / "apply.sql"
    step.write_text(step.read_text() + "TRUNCATE untouched;\n")
    plant.stop("projector")
    plant.send(160)
    plant.start("projector")
    plant.wait_until_projected("untouched")
    assert plant.rows("SELECT sum(readings) FROM untouched") == [(plant.sent,)]


def test_one_falsified_row_is_named_by_the_proof(plant: RebuildPlant) -> None:
    before = plant.serving("readings")
    [(offset,)] = plant.rows('SELECT max("offset") FROM readings WHERE partition = 3')
    falsified = 'UPDATE readings SET "values"[1] = "values"[1] + 1e-9 WHERE (partition, "offset") = (3, %s)'
    plant.rows(falsified, offset)
    told = plant.run("rebuild", "readings", "--json")
    assert told.returncode == NO
    [table] = json.loads(told.stdout)["proof"]["differences"]
    assert (table["table"], table["only_here"], table["only_there"], table["different"]) == ("readings", 0, 0, 1)
    assert table["examples"][0]["key"] == {"partition": "3", "offset": str(offset)}
    assert plant.serving("readings") == before
    assert f"partition 3, offset {offset}" in plant.run("rebuild", "readings").stdout
    assert rebuild(plant, "readings", "--accept", "the log is right") != before


@pytest.mark.parametrize("step", crashing_rebuild.STEPS)
def test_a_rebuild_killed_at_any_step_goes_on_with_the_same_command(plant: RebuildPlant, step: str) -> None:
    before = plant.serving("readings")
    if step == "discarding":
        rebuild(plant, "readings")  # so that there is a build to discard
    assert plant.crash_rebuild(step, "readings") == -signal.SIGKILL
    is_swapped = step in ("swapped", "discarding")
    assert (plant.serving("readings") != before) == is_swapped
    built = plant.rows("SELECT max(build) FROM telltale.builds WHERE read_model = 'readings'")[0][0]
    plant.send(160)
    after = rebuild(plant, "readings")
    assert after == (built + 1 if is_swapped else built), "it did not go on with the build that was left"
    plant.wait_until_projected("readings")
    assert plant.rows("SELECT count(*) FROM readings") == [(plant.sent,)]
    there = plant.rows("SELECT count(*) FROM telltale.builds WHERE read_model = 'readings' AND discarded_at IS NULL")
    assert there == [(2,)], "the serving build and the one before it, no more"


@pytest.mark.parametrize("step", ["created", "loading", "proved", "swapping"])
def test_ctrl_c_ends_a_rebuild_with_130_and_the_same_command_goes_on(plant: RebuildPlant, step: str) -> None:
    before = plant.serving("readings")
    assert plant.crash_rebuild(step, "readings", signal.SIGINT) == INTERRUPTED
    assert plant.serving("readings") == before
    [(left,)] = plant.rows("SELECT max(build) FROM telltale.builds WHERE read_model = 'readings'")
    assert rebuild(plant, "readings") == left


def test_a_skipped_record_lets_a_stopped_read_model_go_on_without_a_restart(plant: RebuildPlant) -> None:
    must(plant.run("projections", "new", "stubborn"))
    plant.wait_until_projected("stubborn")
    folder = plant.stack.home / "projections" / "stubborn"
    check = "last_known_at timestamptz NOT NULL,\n    CHECK (machine_id <> 'cursed'),"
    schema = (folder / "schema.sql").read_text().replace("last_known_at timestamptz NOT NULL,", check)
    (folder / "schema.sql").write_text(schema)
    rebuild(plant, "stubborn", "--accept", "no cursed machines")
    [cursed] = plant.append([plant.reading(99_000, "cursed")])
    wait_until(lambda: plant.states()["stubborn"]["state"] == "stopped", deadline_s=DEADLINE_S, what="it stops")
    assert plant.states()["stubborn"]["position"] == cursed
    assert plant.run("projections", "list").returncode == NO
    must(plant.run("skip", cursed, "--because", "no such machine"))
    wait_until(lambda: plant.states()["stubborn"]["state"] == "running", deadline_s=DEADLINE_S, what="it goes on")
    plant.send(16)
    plant.wait_until_projected("stubborn")
    assert plant.rows("SELECT 1 FROM stubborn WHERE machine_id = 'cursed'") == []
    noted = plant.rows(f"SELECT error, message FROM stubborn_b{plant.serving('stubborn')}.rejected")  # noqa: S608
    assert noted == [("skipped", "no such machine")]


def add_column(folder: Path, name: str) -> None:
    """Give the folder's table one more column, before the others."""
    schema, step = folder / "schema.sql", folder / "apply.sql"
    schema.write_text(
        schema.read_text().replace("machine_id text", f"{name} int NOT NULL DEFAULT 7,\n    machine_id text")
    )
    step.write_text(step.read_text() + f"-- {name}\n")


class Readers:
    """Readers of one route that never rest.

    `failed` are answers other than 200, `wrong` those that went back in time.
    """

    def __init__(self, api: httpx.Client, path: str, *, column: str, threads: int = 4) -> None:
        self._api = api
        self._path = path
        self._column = column
        self._stop = Event()
        self._threads = [Thread(target=self._read) for _ in range(threads)]
        self._builds: set[int] = set()
        self.answers = 0
        self.failed: list[str] = []
        self.wrong: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def must_have_seen(self, *, builds: int) -> None:
        """Wait until readers were answered by so many builds: else they were not there when it mattered."""
        wait_until(lambda: len(self._builds) >= builds, deadline_s=DEADLINE_S, what=f"{builds} builds have answered")

    def _read(self) -> None:
        counted = 0
        while not self._stop.is_set():
            answer = self._api.get(self._path, params={"limit": 1000})
            if answer.status_code != httpx.codes.OK:
                self.failed.append(f"{answer.status_code} {answer.text}")
                continue
            told = answer.json()
            place = told["columns"].index(self._column)
            total = sum(row[place] for row in told["rows"])
            if total < counted:
                self.wrong.append(f"build {told['build']}: {total} after {counted}")
            counted = total
            self.answers += 1
            self._builds.add(told["build"])
