"""Readings from files, the simulator and HTTP, through the command line, into the real log."""

import csv
import json
import signal
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.stacks import StackOfTests, must, wait_until

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def published(stack: StackOfTests) -> StackOfTests:
    must(stack.run("contracts", "publish"))
    return stack


def a_name(what: str) -> str:
    return f"{what}-{uuid4().hex[:8]}"


def a_csv(path: Path, rows: int, *, bad: tuple[int, ...] = ()) -> Path:
    lines = ["time;speed [%];vibration;label"]
    lines += [
        f"2026-03-09 {10 + row // 3600:02d}:{row // 60 % 60:02d}:{row % 60:02d};"
        f"{'fast' if row in bad else 80};{row / 10:.1f};0"
        for row in range(rows)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def ingest(stack: StackOfTests, path: Path, machine: str, profile: str, *more: str) -> tuple[int, Any]:
    words = ("--time", "time", "--machine-id", machine, "--profile", profile, "--labels", "label", "--json")
    done = stack.run("ingest", "csv", str(path), *words, *more)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def test_the_same_file_twice_adds_nothing_and_its_header_defines_the_profile(
    published: StackOfTests, tmp_path: Path
) -> None:
    path, machine, profile = a_csv(tmp_path / "a.csv", 3_000), a_name("machine"), a_name("profile")

    first, again = (ingest(published, path, machine, profile) for _ in range(2))

    assert first[0] == again[0] == 0
    assert (first[1]["appended"], first[1]["profile_defined"]) == (3_000, True)
    assert (again[1]["appended"], again[1]["duplicate"], again[1]["profile_defined"]) == (0, 3_000, False)
    shown = json.loads(must(published.run("profiles", "show", profile, "--json")).stdout)
    assert [(one["name"], one["unit"]) for one in shown["channels"]] == [("speed", "%"), ("vibration", "")]
    assert shown["expected_interval_s"] == 1.0


def test_refused_rows_are_listed_and_written_while_the_rest_goes_in(published: StackOfTests, tmp_path: Path) -> None:
    path = a_csv(tmp_path / "a.csv", 100, bad=(3, 70))
    kept = tmp_path / "refused.csv"

    code, said = ingest(published, path, a_name("machine"), a_name("profile"), "--refused", str(kept))

    assert (code, said["appended"], said["refused_cells"]) == (1, 100, 2)
    assert [(row["line"], row["column"]) for row in said["refused"]] == [(5, "speed [%]"), (72, "speed [%]")]
    rows = csv.DictReader(kept.read_text().splitlines())
    assert [row["line"] for row in rows] == ["5", "72"]


def test_an_interrupted_ingest_says_so_and_the_same_command_goes_on(published: StackOfTests, tmp_path: Path) -> None:
    path, machine, profile = a_csv(tmp_path / "a.csv", 40_000), a_name("machine"), a_name("profile")
    words = ("--time", "time", "--machine-id", machine, "--profile", profile, "--labels", "label")
    running = published.start("ingest", "csv", str(path), *words)
    assert running.stdout is not None
    while "ids in the log" not in running.stdout.readline():
        pass
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)

    _, said = ingest(published, path, machine, profile)

    assert running.returncode in {130, 0}  # 0: it was quicker than the interrupt
    assert said["appended"] + said["duplicate"] == 40_000
    _, again = ingest(published, path, machine, profile)
    assert again["duplicate"] == 40_000


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--time", "when", "--profile", "p"), 2, "no column 'when'"),
        (("--time", "time", "--profile", "p@7"), 4, "p@7 is not defined"),
        (("--time", "time", "--profile", "p", "--timezone", "Mars/Base"), 2, "is no time zone"),
        (("--time", "time", "--profile", "p", "--machine", "label", "--machine-id", "m"), 2, "say one of them"),
        (("--time", "time", "--profile", "a/b"), 4, "without @ and /"),
    ],
)
def test_a_wrong_wish_is_refused_with_its_reason(
    published: StackOfTests, tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    path = a_csv(tmp_path / "a.csv", 3)

    done = published.run("ingest", "csv", str(path), *words)

    assert (done.returncode, says in " ".join(done.stderr.split())) == (code, True), done.stderr


def test_the_same_simulation_twice_adds_nothing(published: StackOfTests) -> None:
    start = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    words = ("simulate", "--start", start, "--machines", "1", "--seed", "77", "--no-live", "--json")

    first, again = (json.loads(must(published.run(*words)).stdout) for _ in range(2))

    assert first["history"] >= 3_600 * 4
    assert again["history"] < 300 * 4  # only what became due in between


def test_a_history_ends_now_carries_labelled_faults_and_goes_on_live(published: StackOfTests) -> None:
    words = ("--history", "5m", "--machines", "12", "--for", "2s", "--rate", "400", "--json")

    said = json.loads(must(published.run("simulate", *words, "--fault", "bearing@pump-07,at=1s")).stdout)

    assert said["history"] >= 119_000
    assert said["live"] >= 400
    assert len(said["faults"]) == 8
    assert said["faults"][-1]["machine"] == "pump-07"


def test_readings_come_in_over_http_and_the_service_ends_when_told_to(
    published: StackOfTests, unused_port: int
) -> None:
    profile = a_name("profile")
    must(published.run("profiles", "define", profile, "--channel", "speed:%:condition:0:120"))
    service = StackOfTests(published.home, {"TELLTALE_COMMANDS_PORT": str(unused_port)}).start("commands")
    url = f"http://127.0.0.1:{unused_port}"
    wait_until(lambda: _answers(url), deadline_s=60, what="the command service answers")
    reading = {"machine_id": "m", "profile": profile, "recorded_at": "2026-03-09T10:00:00Z"}

    answer = httpx.post(
        f"{url}/readings", json=[{**reading, "measurements": {"speed": value}} for value in (80, 130)], timeout=20
    )
    service.terminate()

    assert answer.status_code == 201
    (appended,), (refused,) = answer.json()["appended"], answer.json()["refused"]
    assert appended["position"].startswith("sensor-events/")
    assert (refused["index"], refused["field"]) == (1, "speed")
    service.communicate(timeout=30)
    assert service.returncode in {0, -signal.SIGTERM}


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready").is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
