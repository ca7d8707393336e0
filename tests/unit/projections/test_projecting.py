"""A projector that is kept going: what it waits for, what stops it, what it says."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from projections import projecting
from projections.checkpoints import TopicPartition
from projections.folder import load_folder
from projections.ports import BuildInUse, CheckpointMoved, LogUnavailable, StoreUnavailable
from projections.projecting import Projecting
from projections.projector import Projector
from projections.status import ProjectorState
from tests.builders import a_profile, a_reading
from tests.fakes.projections import FakeLog, FakeProjectionStore, FakeRecordSource, FakeVocabulary

DEADLINE_S = 20.0


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projecting, "FIRST_WAIT_S", 0.001)
    monkeypatch.setattr(projecting, "LONGEST_WAIT_S", 0.002)
    monkeypatch.setattr(projecting, "REST_LOOK_S", 0.002)


@pytest.mark.parametrize("trouble", [StoreUnavailable("away"), BuildInUse("readings_b1"), LogUnavailable("away")])
def test_what_is_missing_is_waited_for(trouble: Exception) -> None:
    store = FakeProjectionStore(troubles=[trouble, trouble])
    with running(a_log(3), store):
        until(lambda: store.applied == [0, 1, 2])


def test_a_record_that_cannot_be_stored_stops_it_and_says_where_until_it_is_to_be_skipped() -> None:
    log, store, vocabulary = a_log(3), FakeProjectionStore(), a_vocabulary()
    bad = log.append(a_reading(9, machine_id="unstorable"))
    log.append(a_reading(10))
    with running(log, store, vocabulary) as one:
        until(lambda: one.status.state is ProjectorState.STOPPED)
        assert one.status.position == bad
        assert f"telltale skip {bad}" in str(one.status.cause)
        assert store.applied == [0, 1, 2]
        vocabulary.skipped[bad] = "never existed"
        until(lambda: store.applied == [0, 1, 2, 4])
        assert [(note.position, note.error) for note in store.rejected] == [(bad, "skipped")]
        until(lambda: one.status.state is ProjectorState.RUNNING)


def test_another_log_stops_it_for_good() -> None:
    log, store = a_log(3), FakeProjectionStore()
    with running(log, store):
        until(lambda: store.applied == [0, 1, 2])
    log.topic_id = "made-anew"
    with running(log, store) as one:
        until(lambda: one.status.state is ProjectorState.STOPPED)
        assert "telltale rebuild" in str(one.status.cause)


def test_a_defect_stops_it_and_is_said() -> None:
    store = FakeProjectionStore(troubles=[ZeroDivisionError("a defect")])
    with running(a_log(1), store) as one:
        until(lambda: one.status.state is ProjectorState.STOPPED)
        assert one.status.cause == "ZeroDivisionError: a defect"


def test_a_second_writer_stops_it_and_one_lost_answer_does_not() -> None:
    moved = CheckpointMoved("readings_b1", [TopicPartition("sensor-events", 0)])
    store = FakeProjectionStore(troubles=[moved])
    with running(a_log(3), store):
        until(lambda: store.applied == [0, 1, 2])
    store.troubles = [moved] * projecting.LOST_RACES
    with running(a_log(3), store) as one:
        until(lambda: one.status.state is ProjectorState.STOPPED)


def test_paused_it_keeps_the_build_and_writes_nothing_until_resumed() -> None:
    log, store, paused = a_log(3), FakeProjectionStore(), Event()
    with running(log, store, paused=paused) as one:
        until(lambda: store.applied == [0, 1, 2])
        paused.set()
        until(lambda: one.status.state is ProjectorState.PAUSED)
        log.append(a_reading(9))
        time.sleep(0.05)
        assert store.applied == [0, 1, 2]
        paused.clear()
        until(lambda: store.applied == [0, 1, 2, 3])
        until(lambda: one.status.state is ProjectorState.RUNNING)


def test_told_to_stop_it_finishes_what_it_polled() -> None:
    log, store = a_log(500), FakeProjectionStore()
    with running(log, store):
        until(lambda: bool(store.applied))
    assert store.applied == list(range(len(store.applied)))


@contextmanager
def running(
    log: FakeLog,
    store: FakeProjectionStore,
    vocabulary: FakeVocabulary | None = None,
    *,
    paused: Event | None = None,
) -> Iterator[Projecting]:
    """Yield a projector of `readings` that runs in a thread, stopped at the end."""
    known, stop = vocabulary or a_vocabulary(), Event()
    source = FakeRecordSource(log)
    projector = Projector(
        folder=load_folder("readings"), build="readings_b1", source=source, store=store, vocabulary=known
    )
    one = Projecting(projector, known, stop, paused)
    thread = Thread(target=one.run)
    thread.start()
    try:
        yield one
    finally:
        stop.set()
        thread.join(DEADLINE_S)
        assert not thread.is_alive()


def until(holds: Callable[[], bool]) -> None:
    """Return once the condition holds."""
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.002)


def a_log(readings: int) -> FakeLog:
    """Return a log of readings of one machine."""
    log = FakeLog()
    for second in range(readings):
        log.append(a_reading(second))
    return log


def a_vocabulary() -> FakeVocabulary:
    """Return what `a_log` needs."""
    profile = a_profile()
    return FakeVocabulary(profiles={profile.ref: profile})
