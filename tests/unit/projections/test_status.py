from dataclasses import replace

import numpy as np

from projections.batch_decoder import known_at
from projections.checkpoints import Checkpoint, TopicPartition
from projections.status import STALLED_AFTER_S, ProgressWatch, ProjectorState, ProjectorStatus, complete_to_us

WHERE = TopicPartition("sensor-events", 0)
OTHER = TopicPartition("sensor-events", 1)


def a_status(next_offset: int = 100, known_s: int | None = None) -> ProjectorStatus:
    """Return the status of a projector of one partition."""
    known_us = None if known_s is None else known_s * 1_000_000
    at = Checkpoint(where=WHERE, topic_id="id", next_offset=next_offset, known_at_us=known_us)
    return ProjectorStatus(
        read_model="readings", build="readings_b1", state=ProjectorState.RUNNING, checkpoints={WHERE: at}
    )


STATUS = a_status()


def test_lag_is_what_the_log_still_holds() -> None:
    progress = ProgressWatch().report(STATUS, {WHERE: 130}, now_s=0)
    assert progress.lag_offsets == 30


def test_a_checkpoint_past_the_end_last_asked_is_no_negative_lag() -> None:
    assert ProgressWatch().report(STATUS, {WHERE: 90}, now_s=0).lag_offsets == 0


def test_at_the_end_nothing_is_behind_however_old_the_last_record_is() -> None:
    watch = ProgressWatch()
    progress = watch.report(a_status(known_s=1), {WHERE: 100}, now_s=3600)
    assert progress.lag_seconds == 0


def test_seconds_behind_count_from_the_last_time_at_the_end() -> None:
    watch = ProgressWatch()
    watch.report(STATUS, {WHERE: 100}, now_s=1000)
    assert watch.report(STATUS, {WHERE: 101}, now_s=1004).lag_seconds == 4


def test_seconds_behind_count_from_the_newest_record_while_loading() -> None:
    progress = ProgressWatch().report(a_status(known_s=40), {WHERE: 101}, now_s=100)
    assert progress.lag_seconds == 60


def test_rate_is_between_two_reports() -> None:
    watch = ProgressWatch()
    watch.report(STATUS, {WHERE: 100}, now_s=0)
    assert watch.report(replace(STATUS, applied=500), {WHERE: 100}, now_s=2).records_per_second == 250


def test_behind_and_not_moving_is_an_alarm_with_its_cause() -> None:
    watch = ProgressWatch()
    waiting = replace(STATUS, state=ProjectorState.WAITING, cause="schema id 7 is not published")
    watch.report(waiting, {WHERE: 101}, now_s=0)
    early = watch.report(waiting, {WHERE: 101}, now_s=STALLED_AFTER_S - 1)
    late = watch.report(waiting, {WHERE: 101}, now_s=STALLED_AFTER_S)
    assert (early.status.state, late.status.state) == (ProjectorState.WAITING, ProjectorState.STALLED)
    assert "schema id 7" in str(late.status.cause)


def test_moving_slowly_or_having_nothing_to_do_is_no_alarm() -> None:
    watch = ProgressWatch()
    watch.report(STATUS, {WHERE: 100}, now_s=0)
    assert watch.report(STATUS, {WHERE: 100}, now_s=900).status.state is ProjectorState.RUNNING
    watch.report(STATUS, {WHERE: 200}, now_s=910)
    moved = a_status(101)
    assert watch.report(moved, {WHERE: 200}, now_s=945).status.state is ProjectorState.RUNNING


def test_what_is_stopped_stays_stopped_and_keeps_its_cause() -> None:
    watch = ProgressWatch()
    stopped = replace(STATUS, state=ProjectorState.STOPPED, cause="telltale skip")
    watch.report(stopped, {WHERE: 200}, now_s=0)
    assert watch.report(stopped, {WHERE: 200}, now_s=90).status == stopped


def test_known_at_never_steps_back_within_a_batch_or_behind_the_one_before() -> None:
    appended_us = np.array([10, 5, 12], np.int64)
    assert known_at(appended_us, None).tolist() == [10, 10, 12]
    assert known_at(appended_us, 11).tolist() == [11, 11, 12]


def test_before_the_checkpoint_is_read_nothing_is_said_about_lag() -> None:
    watch = ProgressWatch()
    unknown = watch.report(replace(STATUS, checkpoints={}), {}, now_s=0)
    assert (unknown.lag_offsets, unknown.lag_seconds) == (None, None)
    assert watch.report(a_status(known_s=40), {WHERE: 101}, now_s=100).lag_seconds == 60


def test_the_partition_furthest_behind_counts_however_new_the_others_are() -> None:
    other = TopicPartition("sensor-events", 1)
    fresh = Checkpoint(where=other, topic_id="id", next_offset=5, known_at_us=99_000_000)
    status = replace(a_status(known_s=40), checkpoints={**a_status(known_s=40).checkpoints, other: fresh})
    assert ProgressWatch().report(status, {WHERE: 101, other: 5}, now_s=100).lag_seconds == 60


def test_while_the_log_is_away_the_age_grows() -> None:
    watch = ProgressWatch()
    watch.report(STATUS, {WHERE: 100}, now_s=1000)
    away = watch.report(STATUS, None, now_s=1007)
    assert (away.lag_offsets, away.lag_seconds) == (0, 7)


def test_an_answer_is_complete_before_the_newest_record_of_each_partition() -> None:
    known = {WHERE: a_status(known_s=40).checkpoints[WHERE], OTHER: a_status(known_s=90).checkpoints[WHERE]}
    assert complete_to_us(known, {}) == 40_000_000


def test_a_partition_seen_at_its_end_is_complete_once_every_transaction_of_then_is_over() -> None:
    known = {WHERE: a_status(known_s=40).checkpoints[WHERE]}
    assert complete_to_us(known, {WHERE: 100.0}) == 85_000_000
    assert complete_to_us(known, {WHERE: 50.0}) == 40_000_000


def test_a_partition_neither_read_nor_seen_at_its_end_leaves_nothing_complete() -> None:
    known = {WHERE: a_status(known_s=40).checkpoints[WHERE], OTHER: a_status().checkpoints[WHERE]}
    assert complete_to_us(known, {WHERE: 100.0}) is None


def test_the_end_is_only_seen_while_nothing_is_behind() -> None:
    watch = ProgressWatch()
    watch.report(a_status(known_s=40), {WHERE: 100}, now_s=100)
    assert watch.report(a_status(known_s=40), {WHERE: 101}, now_s=200).complete_to_us == 85_000_000


def test_an_open_transaction_that_holds_a_partition_is_an_alarm_that_names_it() -> None:
    watch = ProgressWatch()
    for now_s in (0.0, STALLED_AFTER_S - 1):
        early = watch.report(STATUS, {WHERE: 100}, now_s, written={WHERE: 140})
        assert early.status.state is ProjectorState.RUNNING
    late = watch.report(STATUS, {WHERE: 100}, STALLED_AFTER_S, written={WHERE: 150})
    assert late.status.state is ProjectorState.STALLED
    assert "open transaction has held sensor-events/0 at offset 100 for 30 s" in str(late.status.cause)
    ended = watch.report(STATUS, {WHERE: 150}, STALLED_AFTER_S + 1, written={WHERE: 150})
    assert ended.status.state is ProjectorState.RUNNING


def test_transactions_that_come_and_go_are_no_alarm() -> None:
    watch = ProgressWatch()
    for second in range(90):
        end = 100 + second
        told = watch.report(a_status(end), {WHERE: end}, float(second), written={WHERE: end + 5})
        assert told.status.state is ProjectorState.RUNNING


def test_what_an_open_transaction_holds_back_is_lag_and_nothing_is_complete_meanwhile() -> None:
    watch = ProgressWatch()
    watch.report(a_status(known_s=40), {WHERE: 100}, 50.0, written={WHERE: 100})
    held = watch.report(a_status(known_s=40), {WHERE: 100}, 90.0, written={WHERE: 103})
    assert (held.lag_offsets, held.lag_seconds) == (3, 40.0)
    assert held.complete_to_us == 40_000_000
    ended = watch.report(a_status(103, known_s=60), {WHERE: 103}, 91.0, written={WHERE: 103})
    assert (ended.lag_offsets, ended.complete_to_us) == (0, 76_000_000)


def test_what_rests_because_somebody_said_so_is_no_alarm() -> None:
    watch = ProgressWatch()
    paused = replace(STATUS, state=ProjectorState.PAUSED, cause="paused")
    watch.report(paused, {WHERE: 200}, now_s=0)
    assert watch.report(paused, {WHERE: 200}, now_s=90).status.state is ProjectorState.PAUSED
