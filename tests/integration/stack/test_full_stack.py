"""One full stack after another's attacks. The order of the tests is the stack's life."""

import hashlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from psycopg import connect, errors

from infra.mlflow.reconcile import ShownLine
from infra.mlflow.showcase import MlflowShowcase
from tests.integration.stack.kept import put_everywhere, where_kept
from tests.integration.stack.mirrored import (
    a_verdict_of_today,
    content,
    model_bytes,
    published,
    pumps_with_two_models,
    shown,
    wipe,
)
from tests.stacks import StackOfTests, must, wait_until

SERVICES = {"kafka", "registry", "postgres", "s3", "mlflow"}


@pytest.fixture(scope="module")
def full_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackOfTests]:
    """Every service, MLflow and S3 among them."""
    stack = StackOfTests(tmp_path_factory.mktemp("full") / "home")
    try:
        must(stack.up(light=False))
        yield stack
    finally:
        stack.run("reset", "--yes")


def test_status_names_every_service_with_pid_state_address_and_since(full_stack: StackOfTests) -> None:
    assert must(full_stack.run("status", "--json"))
    parts = full_stack.parts()
    assert set(parts) == SERVICES
    for part in parts.values():
        assert (part["kind"], part["state"]) == ("service", "ready")
        assert psutil.pid_exists(part["pid"])
        assert part["address"].removeprefix("http://").startswith("127.0.0.1:")
        assert part["since"]


def test_every_service_listens_on_loopback_only(full_stack: StackOfTests) -> None:
    listening = [
        connection.laddr[0]
        for process in full_stack.running()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= len(SERVICES)
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_passwords_and_addresses_are_for_their_owner_only(full_stack: StackOfTests) -> None:
    for name in ("stack.env", "secrets.json"):
        assert (full_stack.home / name).stat().st_mode & 0o777 == 0o600
    words = " ".join(word for process in full_stack.running() for word in process.cmdline())
    assert full_stack.settings.s3_secret_key not in words


def test_the_object_store_answers_nobody_without_the_key(full_stack: StackOfTests) -> None:
    put_everywhere(full_stack.settings, "anonymous")
    object_url = f"{full_stack.settings.s3_endpoint}/{full_stack.settings.s3_bucket}/kept/anonymous"
    assert httpx.get(object_url).status_code == httpx.codes.FORBIDDEN


def test_the_reader_of_the_read_models_reads_and_cannot_write(full_stack: StackOfTests) -> None:
    with connect(full_stack.settings.postgres_dsn) as owner:
        owner.execute("CREATE SCHEMA later CREATE TABLE later.rows (number int)")
    with connect(full_stack.settings.postgres_reader_dsn) as reader:
        assert reader.execute("SELECT count(*) FROM later.rows").fetchone() == (0,)
        reader.rollback()
        with pytest.raises(errors.ReadOnlySqlTransaction):
            reader.execute("INSERT INTO later.rows VALUES (1)")
        reader.rollback()
        reader.execute("SET TRANSACTION READ WRITE")
        with pytest.raises(errors.InsufficientPrivilege):
            reader.execute("INSERT INTO later.rows VALUES (1)")


def test_an_artifact_goes_through_mlflow_into_the_object_store(full_stack: StackOfTests) -> None:
    url = f"{full_stack.settings.mlflow_url}/api/2.0/mlflow-artifacts/artifacts/kept.txt"
    httpx.put(url, content=b"kept").raise_for_status()
    assert httpx.get(url).content == b"kept"


def test_mlflow_is_held_against_the_log_and_filled_again_when_it_and_its_bucket_are_wiped(
    full_stack: StackOfTests,
) -> None:
    plant, models = pumps_with_two_models(full_stack)
    nothing_there = [
        "pump/1: run missing",
        "pump/2: run missing",
        "pump/1: not registered",
        "pump/2: not registered",
        "champion: nobody instead of 1",
    ]
    assert published(full_stack, "--check") == (1, nothing_there)
    assert published(full_stack) == (0, nothing_there)
    assert published(full_stack, "--check") == (0, [])
    before = shown(full_stack)
    assert "score-distribution.png" in before.runs["pump/1"][0].sizes
    MlflowShowcase(full_stack.settings.mlflow_url).set_champion("pump", 2)
    assert published(full_stack, "--check") == (1, ["champion: 2 instead of 1"])

    wipe(full_stack)
    assert shown(full_stack) == ShownLine(runs={}, versions=(), champion=None)
    verdict = a_verdict_of_today(plant)
    assert verdict.model == models[0]
    must(full_stack.run("explain", str(verdict.event_id), "--verify"))
    assert published(full_stack) == (0, nothing_there)
    assert content(shown(full_stack)) == content(before)
    for model in models:
        assert hashlib.sha256(model_bytes(full_stack, model)).hexdigest() == model.artifact_sha256
    assert published(full_stack, "--check") == (0, [])


def test_services_killed_all_at_once_come_back_with_everything_they_held(full_stack: StackOfTests) -> None:
    put_everywhere(full_stack.settings, "before-the-kill")
    before = full_stack.parts()
    for part in before.values():
        os.kill(part["pid"], signal.SIGKILL)
    wait_until(lambda: not full_stack.all_ready(), deadline_s=20, what="the deaths are seen")
    wait_until(full_stack.all_ready, deadline_s=120, what="everything is ready again")
    after = full_stack.parts()
    assert all(after[name]["pid"] != part["pid"] and after[name]["restarts"] >= 1 for name, part in before.items())
    assert where_kept(full_stack.settings, "before-the-kill") == ["log", "postgres", "registry", "s3"]


def test_up_after_a_killed_supervisor_ends_what_it_left_and_has_everything(
    full_stack: StackOfTests,
) -> None:
    put_everywhere(full_stack.settings, "before-the-supervisors-death")
    left_behind = [psutil.Process(part["pid"]) for part in full_stack.parts().values()]
    os.kill(_supervisor(full_stack.home), signal.SIGKILL)
    assert full_stack.run("status").returncode == 1
    assert all(process.is_running() for process in left_behind)
    must(full_stack.up(light=True))
    assert not any(process.is_running() for process in left_behind)
    assert set(full_stack.parts()) == {"kafka", "registry", "postgres"}
    assert where_kept(full_stack.settings, "before-the-supervisors-death") == ["log", "postgres", "registry"]


def test_down_leaves_nothing_running_and_status_says_so(full_stack: StackOfTests) -> None:
    must(full_stack.run("down"))
    assert full_stack.running() == []
    done = full_stack.run("status", "--json")
    assert done.returncode == 1
    assert {part["state"] for part in full_stack.parts().values()} == {"stopped"}


def _supervisor(home: Path) -> int:
    return int(json.loads((home / "state.json").read_text())["supervisor"]["pid"])
