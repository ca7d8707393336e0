"""Old verdicts can be checked from the log alone, and history judged again is what it was."""

import json
import random
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psutil
import psycopg
import pytest
from psycopg import sql

from domain.anomalies import AnomalyDetected
from domain.rescoring import RescoringRequested
from domain.scoring import ReadingsScored, ScoringModelChanged
from domain.topics import ANOMALY_EVENTS, RESCORED_ANOMALY_EVENTS, RESCORING_EVENTS, SENSOR_EVENTS
from infra.kafka.client.clients import partitions_of
from infra.kafka.client.ends import LogEnds
from tests.guarantees import crashing_rescore
from tests.guarantees.plant import Plant, plant_on, train_and_promote
from tests.stacks import StackOfTests, must, wait_until

SLOT = tuple[int, int, str]
NOT_REACHABLE = 3
INTERRUPTED = 130


@pytest.fixture(scope="module")
def plant(empty_stack: StackOfTests) -> Iterator[Plant]:
    """Where neither MLflow nor S3 runs, let a fleet be scored: unscored at first, then by a model."""
    with plant_on(empty_stack) as plant:
        rng = random.Random(5)
        plant.flow(5_000, rng, faults=0)
        train_and_promote(plant)
        running = [plant.telltale(name) for name in ("scorer", "projector")]
        try:
            plant.flow(2_400, rng)
            wait_until(plant.scored_to_the_end, deadline_s=120, what="every reading is scored")
            verdicts = len(live_verdicts(plant))
            wait_until(
                lambda: plant.rows("SELECT count(*) FROM anomalies")[0][0] == verdicts,
                deadline_s=120,
                what="every verdict is a row",
            )
        finally:
            for process in running:
                process.send_signal(signal.SIGTERM)
            for process in running:
                process.wait(60)
        yield plant


def live_verdicts(plant: Plant) -> list[AnomalyDetected]:
    return [event for _, event in plant.events(ANOMALY_EVENTS) if isinstance(event, AnomalyDetected)]


def scores(plant: Plant, topic: str, run_id: UUID | None) -> dict[SLOT, bytes]:
    """Return each slot's score by partition, offset and detector; a gap or a repeated offset fails."""
    found: dict[SLOT, bytes] = {}
    upto: dict[int, int] = {}
    for partition, event in plant.events(topic):
        if not isinstance(event, ReadingsScored) or event.run_id != run_id:
            continue
        assert upto.get(partition, event.from_offset) == event.from_offset
        upto[partition] = event.next_offset
        for column in event.columns:
            for slot, score in enumerate(column.scores):
                found[partition, event.from_offset + slot, column.detector] = score.hex().encode()
    return found


def explained(plant: Plant, event_id: UUID) -> tuple[int, dict[str, Any]]:
    done = plant.stack.run("explain", str(event_id), "--verify", "--json")
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode, json.loads(done.stdout)["verification"]


def test_verdicts_are_verified_where_neither_mlflow_nor_s3_is_left(plant: Plant) -> None:
    assert not plant.stack.settings.has("mlflow_url")
    for verdict in (live_verdicts(plant)[0], live_verdicts(plant)[-1]):
        code, verification = explained(plant, verdict.event_id)
        assert (code, verification["equal"]) == (0, True), verification
        assert [check for check in verification["checks"] if check["equal"] is not True] == []


def test_one_falsified_row_is_told_with_both_numbers(plant: Plant) -> None:
    verdict = live_verdicts(plant)[3]
    (build,) = plant.rows("SELECT build FROM telltale.serving WHERE read_model = 'anomalies'")[0]
    with psycopg.connect(plant.stack.settings.postgres_dsn) as connection:
        table = sql.Identifier(f"anomalies_b{build}", "anomalies")
        falsify = sql.SQL("UPDATE {} SET score = score + 0.5 WHERE event_id = %s").format(table)
        connection.execute(falsify, [verdict.event_id])
    code, verification = explained(plant, verdict.event_id)
    (wrong,) = [check for check in verification["checks"] if check["equal"] is False]
    assert (code, verification["equal"], wrong["what"]) == (1, False, "row in the read model: score")
    assert (wrong["recorded"], wrong["found"]) == (repr(verdict.score), repr(verdict.score + 0.5))


def test_a_rescoring_killed_twice_gives_the_live_scores_once_and_touches_nothing_live(plant: Plant) -> None:
    changes = [event for _, event in plant.events(ANOMALY_EVENTS) if isinstance(event, ScoringModelChanged)]
    assert {event.model.version for event in changes} == {1}
    starts = ",".join(f"{SENSOR_EVENTS}/{event.source_partition}/{event.from_offset}" for event in changes)
    places = [(topic, partition) for topic in (SENSOR_EVENTS, ANOMALY_EVENTS) for partition in partitions_of(topic)]
    ends = LogEnds(plant.bootstrap).written(places)
    words = (str(changes[0].model), "--from-offsets", starts)
    for number, step in enumerate(crashing_rescore.STEPS, start=2):
        process = plant.start(sys.executable, "-m", "tests.guarantees.crashing_rescore", step, str(number), *words)
        assert process.wait(120) == -signal.SIGKILL
    one_of_two_workers_dies(plant, *words)
    done = json.loads(must(plant.stack.run("rescore", *words, "--processes", "2", "--json")).stdout)["completed"]
    run_id = UUID(done["run_id"])
    rescored, live = scores(plant, RESCORED_ANOMALY_EVENTS, run_id), scores(plant, ANOMALY_EVENTS, None)
    assert rescored == {slot: live[slot] for slot in rescored}
    assert done["offsets"] == len({(partition, offset) for partition, offset, _ in rescored})
    verdicts = Counter(
        event.event_id
        for _, event in plant.events(RESCORED_ANOMALY_EVENTS)
        if isinstance(event, AnomalyDetected) and event.run_id == run_id
    )
    assert verdicts == Counter(event.event_id for event in live_verdicts(plant))
    assert done["abnormal"] == verdicts.total() > 10
    assert LogEnds(plant.bootstrap).written(places) == ends


def one_of_two_workers_dies(plant: Plant, *words: str) -> None:
    """Kill a process that works on a share of a run; whoever asked for the run says so, and leaves nobody behind."""
    asked = plant.telltale("rescore", *words, "--processes", "2")
    workers: list[psutil.Process] = []

    def both_work() -> bool:
        children = psutil.Process(asked.pid).children()
        workers[:] = [one for one in children if "infra.processes.rescorer" in one.cmdline()]
        return len(workers) == 2

    wait_until(both_work, deadline_s=60, what="two processes share the run")
    workers[0].kill()
    assert asked.wait(120) == NOT_REACHABLE
    assert not any(worker.is_running() for worker in workers)


def test_a_challenger_follows_the_end_of_the_log_until_it_is_stopped_and_then_goes_on(plant: Plant) -> None:
    rng = random.Random(7)
    ends = LogEnds(plant.bootstrap)
    places = [(SENSOR_EVENTS, partition) for partition in partitions_of(SENSOR_EVENTS)]
    begin = ends.stable(places)
    begins = ",".join(f"{topic}/{partition}/{end}" for (topic, partition), end in begin.items())

    def is_at_the_end() -> bool:
        grown = {place: end for place, end in ends.stable(places).items() if end > begin[place]}
        return bool(grown) and grown.items() <= follows(plant).items()

    for _ in range(2):
        following = plant.telltale("rescore", "pump/1", "--follow", "--from-offsets", begins)
        plant.flow(240, rng)
        wait_until(lambda: bool(following_runs(plant)), deadline_s=60, what="the run is in the log")
        wait_until(is_at_the_end, deadline_s=60, what="it is at the log's end")
        following.send_signal(signal.SIGINT)
        assert following.wait(60) == INTERRUPTED


def following_runs(plant: Plant) -> list[UUID]:
    """Return the runs that follow the log's end."""
    requests = [event for _, event in plant.events(RESCORING_EVENTS) if isinstance(event, RescoringRequested)]
    return [one.run_id for one in requests if one.follow]


def follows(plant: Plant) -> dict[tuple[str, int], int]:
    """Return how far the one run that follows has come; a gap or a repeated offset fails."""
    (run_id,) = set(following_runs(plant))
    scores(plant, RESCORED_ANOMALY_EVENTS, run_id)
    return {
        (event.source_topic, event.source_partition): event.next_offset
        for _, event in plant.events(RESCORED_ANOMALY_EVENTS)
        if isinstance(event, ReadingsScored) and event.run_id == run_id
    }
