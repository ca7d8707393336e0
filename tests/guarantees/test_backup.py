"""A restored log is the log: same offsets, times and ids, so the same read models; scorers go on where they were."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.topics import SENSOR_EVENTS
from infra.kafka.client.clients import LogNotReachable, partitions_of
from infra.kafka.client.ends import LogEnds
from infra.settings import Settings
from tests.guarantees.log_account import account
from tests.guarantees.read_model_prints import fingerprints, wait_until_settled
from tests.stacks import StackOfTests, must, wait_until

REFUSED = 4
FLEET = ("--machines", "4")


@pytest.fixture
def original(tmp_path: Path) -> Iterator[StackOfTests]:
    """Start a stack with all its processes and a champion, and let some readings be judged."""
    stack = StackOfTests(tmp_path / "original")
    try:
        must(stack.run("up", "--light", "--detach"))
        must(stack.run("simulate", "--history", "15m", "--no-live", *FLEET))
        must(stack.run("train", "pump", "--detector", "isolation_forest"))
        must(stack.run("models", "promote", "pump/1", "--because", "the test needs verdicts"))
        must(stack.run("simulate", "--history", "2m", "--no-live", "--seed", "9", *FLEET))
        yield stack
    finally:
        stack.run("reset", "--yes")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[StackOfTests]:
    stack = StackOfTests(tmp_path / "elsewhere")
    yield stack
    stack.run("reset", "--yes")


def test_a_restored_log_is_the_log_whether_readings_flowed_or_not(
    original: StackOfTests, elsewhere: StackOfTests, tmp_path: Path
) -> None:
    flowed, whole = str(tmp_path / "flowed"), str(tmp_path / "whole")
    before = sum(reading_ends(original.settings).values())
    flowing = original.start("simulate", "--rate", "300", "--history", "0s", "--seed", "11", *FLEET)
    wait_until(lambda: has_more_than(original, before), deadline_s=60, what="readings flow")
    first = held(json.loads(must(original.run("backup", flowed, "--json")).stdout))
    wait_until(lambda: has_more_than(original, first + 300), deadline_s=120, what="readings flow on after a backup")
    again = held(json.loads(must(original.run("backup", flowed, "--json")).stdout))
    flowing.terminate()
    said, _ = flowing.communicate(timeout=60)
    assert flowing.returncode == 0, f"the sender did not ride the backups out: {said}"
    wait_until_settled(original)
    prints, ends = fingerprints(original.settings), reading_ends(original.settings)
    told = json.loads(must(original.run("backup", whole, "--json")).stdout)
    assert {one["partition"]: one["next_offset"] for one in told["partitions"] if one["topic"] == SENSOR_EVENTS} == ends
    must(original.run("down"))
    refused = original.run("restore", whole)
    assert refused.returncode == REFUSED
    assert "a restore never replaces one" in refused.stderr

    # The one taken while readings flowed is one moment of the whole log: what was not judged then is judged now.
    come_up_from(flowed, elsewhere)
    assert sum(reading_ends(elsewhere.settings).values()) == again > first
    assert account(elsewhere.settings.kafka_bootstrap).faults() == []
    must(elsewhere.run("reset", "--yes"))

    come_up_from(whole, elsewhere)
    assert fingerprints(elsewhere.settings) == prints
    assert reading_ends(elsewhere.settings) == ends
    must(elsewhere.run("simulate", "--history", "1m", "--no-live", "--seed", "10", *FLEET))
    wait_until_settled(elsewhere)
    scored = account(elsewhere.settings.kafka_bootstrap)
    assert scored.faults() == []
    assert scored.verdicts


def come_up_from(backup: str, stack: StackOfTests) -> None:
    must(stack.run("restore", backup))
    must(stack.run("up", "--light", "--detach"))
    wait_until_settled(stack)


def held(told: dict[str, Any]) -> int:
    """Return how many readings a backup says that it holds."""
    return sum(one["next_offset"] for one in told["partitions"] if one["topic"] == SENSOR_EVENTS)


def has_more_than(stack: StackOfTests, count: int) -> bool:
    """Return whether the log answers and holds more readings."""
    try:
        return sum(reading_ends(stack.settings).values()) > count
    except LogNotReachable:
        return False


def reading_ends(settings: Settings) -> dict[int, int]:
    """Return the end of every partition of readings."""
    places = [(SENSOR_EVENTS, partition) for partition in partitions_of(SENSOR_EVENTS)]
    return {partition: end for (_, partition), end in LogEnds(settings.kafka_bootstrap).written(places).items()}
