"""A disk that fills up: readings are refused first, what is in the log stays and is answered, and all goes on."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.log_disk import MEGABYTE
from tests.guarantees.log_account import account, is_scored_to_the_end
from tests.stacks import StackOfTests, must, wait_until

REFUSED, INSUFFICIENT_STORAGE = 4, 507
MORE_THAN_THERE_IS = {"TELLTALE_DISK_RESERVE_MB": "999999999"}
READING = {"machine_id": "hall-9", "profile": "environment", "recorded_at": "2026-03-09T10:14:33Z"}
SOUND = {**READING, "measurements": {"temperature": 21.5, "pressure": 101.3, "vibration": 0.4}}


def test_readings_are_refused_below_the_reserve_and_the_same_command_goes_on(
    stack: StackOfTests, tmp_path: Path
) -> None:
    full = StackOfTests(stack.home, environment=MORE_THAN_THERE_IS)
    file = tmp_path / "press-disk.csv"
    file.write_text("time,force\n" + "".join(f"2026-03-09T12:00:{second:02}Z,2.1\n" for second in range(60)))
    ingest = ("ingest", "csv", str(file), "--time", "time", "--profile", "press-disk")
    for words in (ingest, ("simulate", "--history", "1m", "--no-live", "--machines", "1")):
        done = full.run(*words)
        assert done.returncode == REFUSED, done.stdout + done.stderr
        assert "no reading is taken in" in done.stderr
        assert "the same command" in done.stderr
    done = must(stack.run(*ingest))
    assert "60 appended" in done.stdout
    assert "0 appended" in must(stack.run(*ingest)).stdout


def test_doctor_and_status_say_how_the_disk_stands(stack: StackOfTests) -> None:
    full = StackOfTests(stack.home, environment=MORE_THAN_THERE_IS)
    found = {one["check"]: one for one in json.loads(full.run("doctor", "--json").stdout)}
    assert not found["disk"]["good"]
    assert "readings are refused until" in full.run("status").stdout
    must(stack.run("simulate", "--history", "10m", "--no-live"))
    assert "days left at" in stack.run("status").stdout


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """Mount a file system of 1.5 GB in memory, which can really be filled; passable by others, for the database."""
    place = Path(tempfile.mkdtemp(prefix="telltale-small-disk-"))
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None:
        pytest.skip("mount and umount are not installed")
    mounting = [mount, "-t", "tmpfs", "-o", "size=1500m,mode=755", "tmpfs", str(place)]
    mounted = subprocess.run(mounting, check=False, capture_output=True, text=True)
    if mounted.returncode != 0:
        place.rmdir()
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run([umount, str(place)], check=True)
    place.rmdir()


def test_a_disk_that_is_really_full_loses_nothing(small_disk: Path) -> None:
    stack = StackOfTests(small_disk / "home", environment={"TELLTALE_DISK_RESERVE_MB": "300"})
    try:
        must(stack.run("up", "--light", "--detach"))
        must(stack.run("simulate", "--history", "1m", "--no-live", "--machines", "4"))
        assert post(stack).status_code == httpx.codes.CREATED
        ballast = small_disk / "ballast"
        fill(ballast)
        refused = post(stack)
        assert refused.status_code == INSUFFICIENT_STORAGE
        assert refused.headers["content-type"] == "application/problem+json"
        done = stack.run("simulate", "--history", "1m", "--no-live", "--machines", "4", "--seed", "9")
        assert done.returncode != 0
        ballast.unlink()
        wait_until(stack.all_ready, deadline_s=180, what="everything is ready again")
        wait_until(lambda: post(stack).status_code == httpx.codes.CREATED, deadline_s=60, what="readings come in again")
        must(stack.run("simulate", "--history", "1m", "--no-live", "--machines", "4", "--seed", "9"))
        bootstrap = stack.settings.kafka_bootstrap
        wait_until(lambda: is_scored_to_the_end(bootstrap), deadline_s=120, what="every reading is scored")
        assert account(bootstrap).faults() == []
    finally:
        stack.run("reset", "--yes")


def fill(ballast: Path) -> None:
    """Write until there is no byte left, as another program might."""
    with ballast.open("wb", buffering=0) as file:
        for size in (MEGABYTE, 4096):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue
        os.fsync(file.fileno())


def post(stack: StackOfTests) -> httpx.Response:
    return httpx.post(f"{stack.settings.commands_url}/readings", json={"readings": [SOUND]}, timeout=30)
