"""Whether a part is ready, by what was written down of it and by what its process does."""

import os
import signal
import subprocess
from datetime import datetime, timedelta

import psutil

from infra.host.supervisor.child import Identity
from infra.host.supervisor.standing import standing_of
from infra.host.supervisor.state import PartKind, PartState, PartStatus
from tests.stacks import wait_until
from tests.unit.infra.host.supervisor.test_supervisor import now


def test_a_part_that_was_started_again_three_times_in_five_minutes_is_not_ready() -> None:
    def part(*minutes_ago: float) -> PartStatus:
        return a_ready_part(restarted_at=tuple(now() - timedelta(minutes=ago) for ago in minutes_ago))

    assert standing_of(part(1, 2), supervised=True, now=now()).state is PartState.READY
    assert standing_of(part(1, 2, 6), supervised=True, now=now()).state is PartState.READY
    unsteady = standing_of(part(1, 2, 4), supervised=True, now=now())
    assert unsteady.state is PartState.UNSTEADY
    assert unsteady.cause is not None
    assert unsteady.cause.startswith("started again 3 times in 5 minutes")


def test_a_part_whose_process_is_gone_is_not_ready_whatever_was_written_down() -> None:
    gone = a_ready_part(process=Identity(os.getpid(), psutil.Process().create_time() - 1000))
    for part in (gone, a_ready_part(process=None)):
        found = standing_of(part, supervised=True, now=now())
        assert (found.state, found.cause) == (PartState.STOPPED, "its process is gone")


def test_a_halted_part_is_not_ready_and_is_again_when_it_goes_on() -> None:
    process = subprocess.Popen(["/bin/sleep", "100"])
    try:
        part = a_ready_part(process=Identity(process.pid, psutil.Process(process.pid).create_time()))
        os.kill(process.pid, signal.SIGSTOP)
        wait_until(
            lambda: standing_of(part, supervised=True, now=now()).state is PartState.SUSPENDED,
            deadline_s=5,
            what="it is seen to be halted",
        )
        assert standing_of(part, supervised=True, now=now()).cause == (
            f"pid {process.pid} was halted by a signal: kill -CONT {process.pid}"
        )
        os.kill(process.pid, signal.SIGCONT)
        wait_until(
            lambda: standing_of(part, supervised=True, now=now()).state is PartState.READY,
            deadline_s=5,
            what="it is ready again",
        )
    finally:
        process.kill()
        process.wait()


ME = Identity(os.getpid(), psutil.Process().create_time())


def a_ready_part(*, process: Identity | None = ME, restarted_at: tuple[datetime, ...] = ()) -> PartStatus:
    return PartStatus(
        name="scorer",
        kind=PartKind.PROCESS,
        address="",
        state=PartState.READY,
        since=now(),
        process=process,
        restarts=len(restarted_at),
        restarted_at=restarted_at,
    )
