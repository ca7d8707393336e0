"""What `telltale log` shows, on the real log. Writes skips of positions that no log reaches."""

from collections.abc import Callable
from itertools import islice
from uuid import uuid4

import pytest
from confluent_kafka import Producer

from domain.dead_letters import RecordSkipped
from domain.positions import Position
from domain.topics import SKIPS
from infra.kafka.client.clients import producer
from infra.kafka.meaning.contracts import load_contracts
from infra.kafka.meaning.log_view import LogView
from infra.registry.publish import publish_contracts
from infra.settings import Settings
from schemas.codec import encode

FAR_AWAY = "sensor-events/0/9000000000000000000"
Append = Callable[[str, bytes], Position]


@pytest.fixture(scope="module")
def bootstrap(stack_settings: Settings) -> str:
    publish_contracts(stack_settings)
    return stack_settings.kafka_bootstrap


@pytest.fixture(scope="module")
def append(bootstrap: str) -> Append:
    """Return a function that appends a value to the skips and returns its position."""
    client: Producer = producer(bootstrap)

    def to_skips(key: str, value: bytes) -> Position:
        taken: list[int] = []
        client.produce(SKIPS, key=key, value=value, on_delivery=lambda _, message: taken.append(message.offset() or 0))
        client.flush(10)
        return Position(SKIPS, 0, taken[0])

    return to_skips


@pytest.fixture
def key() -> str:
    return f"test-{uuid4().hex}"


def a_skip(bootstrap: str, because: str) -> bytes:
    return encode(RecordSkipped(position=FAR_AWAY, because=because, actor="test"), load_contracts(bootstrap))


def test_the_newest_records_of_a_key_are_shown_in_the_order_they_were_appended(
    bootstrap: str, append: Append, key: str
) -> None:
    appended = [append(key, a_skip(bootstrap, f"reason {number}")) for number in range(3)]
    append("another", a_skip(bootstrap, "not asked for"))
    newest, _ = LogView(bootstrap, SKIPS, key=key).newest(2)
    assert [record.position for record in newest] == appended[1:]
    assert [record.fields and record.fields["because"] for record in newest] == ["reason 1", "reason 2"]


def test_asking_for_more_than_there_is_shows_all(bootstrap: str, append: Append, key: str) -> None:
    position = append(key, a_skip(bootstrap, "alone"))
    newest, _ = LogView(bootstrap, SKIPS, key=key).newest(1000)
    assert [record.position for record in newest] == [position]


def test_records_from_a_moment_on_are_shown_with_those_of_the_moment(bootstrap: str, append: Append, key: str) -> None:
    positions = [append(key, a_skip(bootstrap, f"reason {number}")) for number in range(3)]
    view = LogView(bootstrap, SKIPS, key=key)
    moment = view.newest(2)[0][0].appended_at
    shown = [record.position for record in view.since(moment)]
    assert shown[-2:] == positions[1:]


def test_one_record_is_found_by_its_position(bootstrap: str, append: Append, key: str) -> None:
    position = append(key, a_skip(bootstrap, "here"))
    found = LogView(bootstrap, SKIPS).at(position)
    assert found is not None
    assert (found.event, found.key) == ("RecordSkipped", key.encode())


def test_no_record_is_found_past_the_end(bootstrap: str) -> None:
    assert LogView(bootstrap, SKIPS).at(Position(SKIPS, 0, 8_000_000_000)) is None


def test_following_goes_on_where_the_newest_ended(bootstrap: str, append: Append, key: str) -> None:
    view = LogView(bootstrap, SKIPS, key=key)
    append(key, a_skip(bootstrap, "before"))
    _, ends = view.newest(10)
    later = [append(key, a_skip(bootstrap, "after")), append(key, a_skip(bootstrap, "later still"))]
    assert [record.position for record in islice(view.follow(ends), 2)] == later
