"""A receiver of calls that takes JSON by POST: Slack's incoming webhooks, and whatever has their shape."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import quote, urlsplit

import httpx

from commands.call_people import NotDelivered
from domain.alerts import Undecided

TIMEOUT_S: Final = 10.0


class Webhook:
    """Calls `url`; `page` is where the dashboard is reached, so that a message leads to the incident."""

    def __init__(self, url: str, *, page: str) -> None:
        self._url: Final = url
        self._page: Final = page.rstrip("/")

    @property
    def name(self) -> str:
        """Return the receiver's host: the rest of the address is a secret."""
        return urlsplit(self._url).hostname or "webhook"

    def call(self, incidents: Sequence[Undecided], *, idempotency_key: str) -> None:
        """Tell of these incidents. See `Receiver`."""
        try:
            answer = httpx.post(
                self._url,
                json={"text": self.text(incidents)},
                headers={"Idempotency-Key": idempotency_key},
                timeout=TIMEOUT_S,
            )
        except httpx.HTTPError as error:
            raise NotDelivered(f"{self.name}: {type(error).__name__}") from error
        if not answer.is_success:
            raise NotDelivered(f"{self.name} answered {answer.status_code}", retry_after=_retry_after(answer))

    def text(self, incidents: Sequence[Undecided]) -> str:
        """Return what is told: machine, kind, severity, since when, and the way to the incident; one line each."""
        lines = [
            f"{held.severity}: {held.opened.machine_id} {held.opened.kinds[0]}"
            f" on {held.opened.sensor_id}{_channels(held)}, {held.score:.1f} × threshold,"
            f" since {held.opened.recorded_at:%Y-%m-%d %H:%M:%S} UTC\n"
            f"{self._page}/?incident={quote(str(held.opened.incident_id))}"
            for held in incidents
        ]
        if len(lines) == 1:
            return lines[0]
        return "\n".join([f"{len(lines)} incidents while this receiver did not answer:", *lines])


def _channels(held: Undecided) -> str:
    return f" ({', '.join(held.opened.channels)})" if held.opened.channels else ""


def _retry_after(answer: httpx.Response) -> timedelta | None:
    seconds = answer.headers.get("Retry-After", "")
    return timedelta(seconds=min(int(seconds), 3600)) if seconds.isdecimal() else None
