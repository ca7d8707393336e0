"""The Slack-shaped webhook against a real HTTP server that takes, refuses, asks for a pause, or closes."""

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import structlog

from commands.call_people import NotDelivered
from domain.alerts import Undecided
from infra.http.webhook import MOST_LINES, Webhook
from infra.logs import configure_logs
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


@pytest.fixture
def logs() -> Iterator[None]:
    """Log as a process does; what pytest had set comes back."""
    root, level, handlers = logging.getLogger(), logging.getLogger().level, logging.getLogger().handlers[:]
    configure_logs("info", process="alerts")
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("httpx").setLevel(logging.NOTSET)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.mark.usefixtures("logs")
def test_the_address_which_is_a_secret_is_not_in_the_process_s_log(
    receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("info", process="alerts")  # again, as pytest's standard error is another one by now
    webhook(receiver).call([HELD], idempotency_key="k")
    assert "secret" not in capsys.readouterr().err


@pytest.mark.parametrize("url", ["http://127.0.0.1:port/secret", "http://[::1/secret"])
def test_an_address_that_is_none_is_not_delivered(url: str) -> None:
    with pytest.raises(NotDelivered, match="InvalidURL"):
        Webhook(url, page="").call([HELD], idempotency_key="k")


def test_what_somebody_else_wrote_into_the_log_is_told_in_a_message_that_a_receiver_takes(receiver: Receiver) -> None:
    odd = replace(HELD, opened=replace(HELD.opened, kinds=(), machine_id="m" * 900_000, channels=("c" * 900_000,)))
    webhook(receiver).call([odd] * (MOST_LINES + 3), idempotency_key="k")
    ((_, text),) = receiver.taken
    assert len(text) < 40_000
    assert text.endswith("and 3 more")


def test_a_machine_s_name_calls_no_channel(receiver: Receiver) -> None:
    webhook(receiver).call([replace(HELD, opened=replace(HELD.opened, machine_id="<!channel>"))], idempotency_key="k")
    ((_, text),) = receiver.taken
    assert "<!channel>" not in text
