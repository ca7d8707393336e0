"""The Slack-shaped webhook against a real HTTP server that takes, refuses, asks for a pause, or closes."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from commands.call_people import NotDelivered
from domain.alerts import Undecided
from infra.http.webhook import Webhook
from tests.builders import NOON
from tests.unit.domain.test_incidents import opened

HELD = Undecided(opened=opened(), severity="critical", score=3.2, recorded_at=NOON, at=NOON)


class Receiver(HTTPServer):
    """Answers with `status`, or closes without an answer when it is 0."""

    status = 200
    retry_after = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.taken: list[tuple[str, str]] = []


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.taken.append((self.headers["Idempotency-Key"], body["text"]))
        if self.server.status == 0:
            return
        self.send_response(self.server.status)
        if self.server.retry_after:
            self.send_header("Retry-After", self.server.retry_after)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def webhook(receiver: Receiver) -> Webhook:
    return Webhook(f"http://127.0.0.1:{receiver.server_port}/T0/secret", page="http://127.0.0.1:8501/")


def test_it_says_machine_kind_channel_and_where_to_look_under_the_key_of_the_call(receiver: Receiver) -> None:
    webhook(receiver).call([HELD], idempotency_key="k")
    ((key, text),) = receiver.taken
    assert key == "k"
    assert text.startswith(
        "critical: pump-07 spike on motor (vibration), 3.2 × threshold, since 2026-03-09 12:00:00 UTC"
    )
    assert text.endswith(f"http://127.0.0.1:8501/?incident={HELD.opened.incident_id}")


@pytest.mark.parametrize(
    ("status", "retry_after", "pause"),
    [(500, "", None), (429, "30", timedelta(seconds=30)), (429, "soon", None), (0, "", None)],
)
def test_what_it_does_not_take_is_not_delivered_and_a_pause_is_passed_on_without_the_secret(
    receiver: Receiver, status: int, retry_after: str, pause: timedelta | None
) -> None:
    receiver.status, receiver.retry_after = status, retry_after
    with pytest.raises(NotDelivered) as failure:
        webhook(receiver).call([HELD], idempotency_key="k")
    assert failure.value.retry_after == pause
    assert "secret" not in str(failure.value)


def test_nobody_there_is_not_delivered() -> None:
    with pytest.raises(NotDelivered, match="ConnectError"):
        Webhook("http://127.0.0.1:1/x", page="").call([HELD], idempotency_key="k")


def test_several_are_one_call(receiver: Receiver) -> None:
    webhook(receiver).call([HELD, HELD], idempotency_key="k")
    ((_, text),) = receiver.taken
    assert text.startswith("2 incidents while this receiver did not answer:")
