"""What the API tells of the parts beside it: how each stands, and what it takes."""

import asyncio
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import psutil

from infra.host.embedded.home import Home
from infra.host.parts_outlook import SupervisedParts
from infra.host.supervisor.child import Identity
from infra.host.supervisor.control import held
from infra.host.supervisor.state import PartKind, PartState, PartStatus, StatusFile


def a_part(name: str, process: Identity | None, *, restarts: int = 0) -> PartStatus:
    return PartStatus(
        name=name,
        kind=PartKind.SERVICE,
        address="",
        state=PartState.READY,
        since=datetime.now(UTC),
        process=process,
        restarts=restarts,
    )


def test_a_part_is_told_with_its_state_restarts_memory_and_files(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    (home.folder("kafka") / "segment.log").write_bytes(b"x" * 1000)
    home.log("kafka").write_bytes(b"y" * 24)
    me = Identity(os.getpid(), psutil.Process().create_time())
    child = subprocess.Popen(["/bin/sleep", "100"])
    try:
        gone = Identity(me.pid, me.started_at - 1000)
        StatusFile(home.state, supervisor=me, parts=(a_part("kafka", me, restarts=2), a_part("api", gone)))
        with held(home.lock):
            kafka, api = asyncio.run(SupervisedParts(tmp_path).parts())
        own = psutil.Process().memory_info().rss
    finally:
        child.kill()
        child.wait()
    assert (kafka.name, kafka.state, kafka.restarts, kafka.disk_bytes) == ("kafka", "ready", 2, 1024)
    assert kafka.memory_bytes is not None
    assert kafka.memory_bytes > own / 2
    assert (api.state, api.memory_bytes, api.disk_bytes) == ("stopped", None, 0)


def test_where_nothing_was_ever_started_there_are_no_parts(tmp_path: Path) -> None:
    assert asyncio.run(SupervisedParts(tmp_path).parts()) == []
