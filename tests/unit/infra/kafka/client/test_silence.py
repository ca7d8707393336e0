"""What is expected of a log client never goes back."""

from infra.kafka.client.silence import Silence

PLACE = ("sensor-events", 3)


def test_an_end_that_was_met_before_a_record_came_does_not_take_the_record_back() -> None:
    silence = Silence("127.0.0.1:9")
    silence.expect({PLACE: 5})
    silence.heard({PLACE: 6})
    silence.heard({PLACE: 5})
    assert silence.positions == {PLACE: 6}
    silence.expect({PLACE: 2})
    assert silence.positions == {PLACE: 2}
