"""The judging as the API asks for it: one look a second, and nobody waits for a log that does not answer."""

import asyncio
import threading

import pytest

from domain.judging import Judging
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.scoring.judging_outlook import FRESH_FOR_S, TOLD_FOR_S, KafkaJudgingOutlook
from query_api.outlook import LogAway
from tests.fakes.outlook import ALL_JUDGED


class Clock:
    """Seconds that pass when the test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_however_many_ask_the_log_is_looked_at_once_a_second() -> None:
    looks: list[float] = []
    clock = Clock()

    def look() -> Judging:
        looks.append(clock.now)
        return ALL_JUDGED

    async def ask() -> None:
        outlook = KafkaJudgingOutlook(look, seconds=clock)
        for _ in range(5):
            assert await outlook.judging() is ALL_JUDGED
        clock.now += FRESH_FOR_S
        assert await outlook.judging() is ALL_JUDGED

    asyncio.run(ask())
    assert len(looks) == 2


def test_a_log_that_does_not_answer_lets_nobody_wait_and_the_answer_before_it_counts_for_a_while() -> None:
    clock, hangs, may_end = Clock(), threading.Event(), threading.Event()

    def look() -> Judging:
        if hangs.is_set():
            may_end.wait(60)
        return ALL_JUDGED

    async def ask() -> None:
        outlook = KafkaJudgingOutlook(look, patience_s=0.01, seconds=clock)
        while True:
            try:
                assert await outlook.judging() is ALL_JUDGED
                break
            except LogAway:
                continue  # on a busy machine the first look takes longer than this test's patience
        hangs.set()
        clock.now += TOLD_FOR_S
        assert await outlook.judging() is ALL_JUDGED
        clock.now += 1
        with pytest.raises(LogAway, match="has not answered"):
            await outlook.judging()
        may_end.set()

    asyncio.run(ask())


def test_a_broker_that_is_started_anew_is_no_alarm_until_the_last_answer_is_old() -> None:
    clock, away = Clock(), threading.Event()

    def look() -> Judging:
        if away.is_set():
            raise LogNotReachable("127.0.0.1:9", "refused")
        return ALL_JUDGED

    async def ask() -> None:
        outlook = KafkaJudgingOutlook(look, seconds=clock)
        await outlook.judging()
        away.set()
        clock.now += TOLD_FOR_S
        assert await outlook.judging() is ALL_JUDGED
        clock.now += 1
        with pytest.raises(LogAway, match="does not answer: refused"):
            await outlook.judging()

    asyncio.run(ask())


def test_an_api_that_was_told_of_no_log_says_so() -> None:
    with pytest.raises(LogAway, match="TELLTALE_KAFKA_BOOTSTRAP"):
        asyncio.run(KafkaJudgingOutlook(None).judging())
