"""The demo, whole: its story is true, everything it started works, and Ctrl-C leaves nothing running."""

import json
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from projections.folder import folder_names
from tests.stacks import PROJECT, StackOfTests, must, wait_until

SERVICES = {"kafka", "registry", "postgres", "s3", "mlflow"}
PROCESSES = {"scorer", "projector", "commands", "alerts", "mirror", "api", "dashboard"}
MEMORY_BYTES = 3_000_000_000
STORY_S = 300.0


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[StackOfTests]:
    stack = StackOfTests(tmp_path / "home")
    yield stack
    stack.run("reset", "--yes")


def told_until(demo: subprocess.Popen[str], last: str) -> list[str]:
    """Return the demo's lines up to one that holds `last`."""
    assert demo.stdout is not None
    lines = []
    for line in demo.stdout:
        lines.append(line)
        if last in line:
            return lines
    raise AssertionError("the demo ended with: " + "".join(lines))


def test_the_story_is_true_the_plant_lives_and_ctrl_c_leaves_nothing_running(
    stack: StackOfTests, tmp_path: Path
) -> None:
    demo = stack.start("demo")
    try:
        story = "".join(told_until(demo, "live until Ctrl-C"))
        assert re.search(r"up in [\d.]+ s, [\d.]+ GB of memory", story)
        assert "faults found" in story
        assert " 0 lost, 0 twice" in story
        assert "DIFFERS in 1 of" in story
        assert "MISSED the falsified row" not in story
        assert ": 0 failed" in story
        assert "recorded" in story.splitlines()[-2]
        assert ": equal" in story
        everything_works(stack)
        a_real_file_is_scored_as_scikit_learn_does(stack, tmp_path)
        every_read_model_equals_one_computed_afresh(stack)
        what_dies_comes_back(stack)
    finally:
        os.killpg(demo.pid, signal.SIGINT)  # as a terminal does
        demo.communicate(timeout=120)
    assert stack.running() == []


def everything_works(stack: StackOfTests) -> None:
    parts = stack.parts()
    assert parts.keys() == SERVICES | PROCESSES
    for name, part in parts.items():
        assert part["kind"] == ("service" if name in SERVICES else "process")
        assert part["address"] or name not in {*SERVICES, "commands", "api", "dashboard"}
    assert parts["scorer"]["restarts"] >= 1, "the demo kills it"
    assert parts["projector"]["trouble"] is None
    assert parts["projector"]["lag_seconds"] < STORY_S
    assert parts["scorer"]["lag_offsets"] >= 0
    assert stack.run("status").returncode == 0
    assert sum(own_bytes(process) for process in stack.running()) < MEMORY_BYTES
    page = httpx.get(stack.settings.dashboard_url, timeout=30)
    assert (page.status_code, "streamlit" in page.text.lower()) == (200, True)
    assert httpx.get(f"{stack.settings.api_url}/anomalies", params={"sensor_id": "pump-07"}).status_code == 200
    published = json.loads(must(stack.run("models", "publish", "--check", "--json")).stdout)
    assert published["equal"], "the mirror has shown every model, its files in S3, and the champions"
    assert {line["champion"] for line in published["lines"]} >= {"pump/1"}


def a_real_file_is_scored_as_scikit_learn_does(stack: StackOfTests, tmp_path: Path) -> None:
    """Train on a file's first 400 rows, score the other 300, and hold both against scikit-learn on its own."""
    rng = random.Random(3)
    rows = ["datetime;speed;heat;flow;anomaly;changepoint"]
    for second in range(700):
        far = 9.0 if 550 <= second < 600 else 0.0
        values = ";".join(f"{rng.gauss(50, 2) + far:.6f}" for _ in range(3))
        rows.append(f"2026-03-09 12:{second // 60:02d}:{second % 60:02d};{values};{1.0 if far else 0.0};0.0")
    file = tmp_path / "valve9" / "1.csv"
    file.parent.mkdir()
    file.write_text("\n".join(rows) + "\n")
    for _ in range(2):  # the second time adds nothing and trains nothing
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.skab", str(file)],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "TELLTALE_HOME": str(stack.home)},
            cwd=PROJECT,
            timeout=180,
        )
        assert (done.returncode, "equal" in done.stdout) == (0, True), done.stdout + done.stderr
    models = json.loads(must(stack.run("models", "list", "--json")).stdout)
    assert [one["model"] for one in models if one["model"].startswith("skab")] == ["skab-valve9-1/1"]


def every_read_model_equals_one_computed_afresh(stack: StackOfTests) -> None:
    told = json.loads(must(stack.run("rebuild", *folder_names(), "--json")).stdout)
    assert [one["read_model"] for one in told] == [*folder_names()]
    for one in told:
        assert (one["proof"]["equal"], one["because"]) == (True, None), one
    filled = {one["read_model"] for one in told if one["proof"]["rows"]}
    assert filled >= {"readings", "reading_buckets", "sensors", "anomalies", "scoring", "models"}


def what_dies_comes_back(stack: StackOfTests) -> None:
    victims = ("commands", "mirror", "api", "dashboard")
    before = stack.parts()
    for name in victims:
        os.kill(before[name]["pid"], signal.SIGKILL)
    wait_until(lambda: not stack.all_ready(), deadline_s=20, what="the deaths are seen")
    wait_until(stack.all_ready, deadline_s=120, what="everything is ready again")
    after = stack.parts()
    assert all(
        after[name]["restarts"] > before[name]["restarts"] and after[name]["pid"] != before[name]["pid"]
        for name in victims
    )
    promoted = stack.run("models", "promote", "pump/1", "--because", "the commands answer again")
    assert promoted.returncode in {0, 4}, promoted.stderr


def own_bytes(process: psutil.Process) -> int:
    """Return a process's share of memory, pages that several use counted once."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0
