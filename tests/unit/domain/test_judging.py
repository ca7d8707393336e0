"""Whether every arriving reading is being judged, from what log and ledger show."""

from domain.judging import JudgingState, PartitionJudging, judging_of
from domain.topics import SENSOR_EVENTS

NOW_US = 1_700_000_000_000_000


def ago(seconds: float) -> int:
    return NOW_US - int(seconds * 1e6)


def a_partition(
    number: int = 0,
    *,
    end: int = 100,
    accounted: int = 100,
    waits_s: float | None = None,
    judged_s: float | None = 1.0,
    held_at: int | None = None,
    lag_before: int | None = None,
    waits_for: str | None = None,
) -> PartitionJudging:
    return PartitionJudging(
        topic=SENSOR_EVENTS,
        partition=number,
        end=end,
        accounted=accounted,
        oldest_at_us=None if waits_s is None else ago(waits_s),
        held_at=held_at,
        judged_at_us=None if judged_s is None else ago(judged_s),
        lag_before=lag_before,
        waits_for=waits_for,
    )


def test_a_ledger_at_the_end_of_the_log_judges_everything() -> None:
    found = judging_of([a_partition(judged_s=4000)], now_us=NOW_US)
    assert (found.state, found.unjudged, found.oldest_s, found.cause) == (JudgingState.JUDGED, 0, 0.0, None)
    assert found.holds


def test_the_ends_of_transactions_are_no_readings() -> None:
    assert judging_of([a_partition(end=101, judged_s=4000)], now_us=NOW_US).state is JudgingState.JUDGED


def test_readings_that_have_just_come_are_being_judged() -> None:
    found = judging_of([a_partition(end=140, waits_s=3, judged_s=4000)], now_us=NOW_US)
    assert (found.state, found.unjudged, found.oldest_s) == (JudgingState.JUDGED, 40, 3.0)


def test_a_ledger_that_stands_still_while_readings_wait_judges_nothing_and_names_the_place() -> None:
    found = judging_of([a_partition(3, end=140, waits_s=25, judged_s=30)], now_us=NOW_US)
    assert found.state is JudgingState.NOT_JUDGED
    assert not found.holds
    assert found.cause == "readings from sensor-events/3/100 on have not been judged for 25 s"


def test_a_log_without_a_ledger_is_not_judged_once_its_first_reading_has_waited() -> None:
    never = a_partition(end=5, accounted=0, waits_s=11, judged_s=None)
    assert judging_of([never], now_us=NOW_US).state is JudgingState.NOT_JUDGED


def test_a_backlog_that_is_worked_off_is_catching_up() -> None:
    found = judging_of([a_partition(end=90_000, waits_s=600, judged_s=2, lag_before=95_000)], now_us=NOW_US)
    assert (found.state, found.holds, found.cause) == (JudgingState.CATCHING_UP, True, None)


def test_one_partition_that_waits_is_seen_although_the_others_are_judged() -> None:
    others = [a_partition(number, judged_s=1) for number in range(7)]
    waits = a_partition(7, end=140, waits_s=61, judged_s=61)
    assert judging_of([*others, waits], now_us=NOW_US).state is JudgingState.NOT_JUDGED
    patient = a_partition(7, end=140, waits_s=30, judged_s=30)
    assert judging_of([*others, patient], now_us=NOW_US).state is JudgingState.CATCHING_UP


def test_a_backlog_that_grows_is_falling_behind() -> None:
    found = judging_of([a_partition(end=90_000, waits_s=600, judged_s=2, lag_before=50_000)], now_us=NOW_US)
    assert (found.state, found.holds) == (JudgingState.FALLING_BEHIND, False)
    assert found.cause == "readings come faster than they are judged: 89,900 wait, 50,000 did 60 s ago"


def test_an_open_transaction_in_the_way_is_the_cause() -> None:
    found = judging_of([a_partition(2, end=140, waits_s=25, judged_s=30, held_at=104)], now_us=NOW_US)
    assert found.state is JudgingState.NOT_JUDGED
    assert found.cause is not None
    assert found.cause.startswith("an open transaction has held sensor-events/2/104 for 25 s")


def test_a_reading_that_lacks_its_schema_is_named_with_what_to_do() -> None:
    lacks = a_partition(5, end=140, waits_s=25, judged_s=30, waits_for="schema id 9 is not in topic contracts: publish")
    found = judging_of([a_partition(end=140, waits_s=40, judged_s=41), lacks], now_us=NOW_US)
    assert found.cause == (
        "sensor-events/5/100 has waited for 25 s, and all behind it: schema id 9 is not in topic contracts: publish"
    )
