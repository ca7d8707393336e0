"""A receiver of calls that takes JSON by POST: Slack's incoming webhooks, and whatever has their shape."""

from collections.abc import Sequence
from datetime import timedelta
from html import escape
from typing import Final
from urllib.parse import quote, urlsplit

import httpx

from commands.call_people import NotDelivered
from domain.alerts import Undecided

TIMEOUT_S: Final = 10.0

MOST_LINES: Final = 50
"""Incidents that one message tells of; the rest is a number."""

LONGEST_WORD: Final = 200
"""Characters of a name in a message: a receiver refuses what is too long, and others would wait behind it."""


class Webhook:
    """Calls `url`; `page` is where the dashboard is reached, so that a message leads to the incident."""

    def __init__(self, url: str, *, page: str) -> None:
        self._url: Final = url
        self._name: Final = _host_of(url)
        self._page: Final = page.rstrip("/")

    @property
    def name(self) -> str:
        """Return the receiver's host: the rest of the address is a secret."""
        return self._name

    def call(self, incidents: Sequence[Undecided], *, idempotency_key: str) -> None:
        """Tell of these incidents. See `Receiver`."""
        try:
            answer = httpx.post(
                self._url,
                json={"text": self.text(incidents)},
                headers={"Idempotency-Key": idempotency_key},
                timeout=TIMEOUT_S,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotDelivered(f"{self.name}: {type(error).__name__}") from error
        if not answer.is_success:
            raise NotDelivered(f"{self.name} answered {answer.status_code}", retry_after=_retry_after(answer))

    def text(self, incidents: Sequence[Undecided]) -> str:
        """Return what is told: machine, kind, severity, since when, and the way to the incident; one line each."""
        lines = [self._line(held) for held in incidents[:MOST_LINES]]
        if len(incidents) == 1:
            return lines[0]
        more = [f"and {len(incidents) - MOST_LINES:,} more"] if len(incidents) > MOST_LINES else []
        return "\n".join([f"{len(incidents):,} incidents while this receiver did not answer:", *lines, *more])

    def _line(self, held: Undecided) -> str:
        opened = held.opened
        kind = opened.kinds[0] if opened.kinds else "incident"
        channels = f" ({_short(', '.join(opened.channels))})" if opened.channels else ""
        where = f"{_short(opened.machine_id)} {_short(kind)} on {_short(opened.sensor_id)}{channels}"
        return (
            f"{_short(held.severity)}: {where}, {held.score:.1f} × threshold,"
            f" since {opened.recorded_at:%Y-%m-%d %H:%M:%S} UTC\n"
            f"{self._page}/?incident={quote(str(opened.incident_id))}"
        )


def _short(text: str) -> str:
    """Return a text that is no longer than a message bears, and that calls nobody more, as `<!channel>` would."""
    shown = text if len(text) <= LONGEST_WORD else f"{text[: LONGEST_WORD - 1]}…"
    return escape(shown, quote=False)


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or "webhook"
    except ValueError:
        return "webhook"


def _retry_after(answer: httpx.Response) -> timedelta | None:
    seconds = answer.headers.get("Retry-After", "")
    return timedelta(seconds=min(int(seconds), 3600)) if seconds.isdecimal() else None
