"""The last answer to every question, so that a page shows what was known when the API does not answer."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Final, Generic, TypeVar

from dashboard.client import ApiDown

AnswerT = TypeVar("AnswerT")

MOST_ANSWERS: Final = 400
"""A few hundred kB each at most; about forty readers' pages."""

FOR_EVER: Final = float("inf")
"""`fresh_for_s` of an answer that never changes."""


def now() -> datetime:
    """Return the dashboard's clock; ages on the page are counted by it."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Answered(Generic[AnswerT]):
    """An answer and when it came."""

    value: AnswerT
    at: datetime
    stale: bool = False
    """The API was asked again and did not answer."""


class Memory:
    """Remembers answers by question. May be shared by threads and readers: all ask with the same key."""

    def __init__(self, clock: Callable[[], datetime] = now) -> None:
        self._clock = clock
        self._answers: OrderedDict[str, Answered[Any]] = OrderedDict()
        self._lock = Lock()
        self._last_answer_at: datetime | None = None

    @property
    def last_answer_at(self) -> datetime | None:
        """Return when the API last answered anything; None: never yet."""
        return self._last_answer_at

    def ask(self, question: str, fetch: Callable[[], AnswerT], *, fresh_for_s: float = 0.0) -> Answered[AnswerT]:
        """Return the answer: a remembered one while it is fresh or while the API is down, else a new one.

        `question` names what is asked without what moves by itself, such as the end of a live range.

        Raises:
            ApiDown: nobody answers, and the question was never answered.
        """
        known: Answered[AnswerT] | None = self._answers.get(question)
        if known and (self._clock() - known.at).total_seconds() < fresh_for_s:
            return known
        try:
            answer = Answered(fetch(), self._clock())
        except ApiDown:
            if known is None:
                raise
            return Answered(known.value, known.at, stale=True)
        with self._lock:
            self._last_answer_at = answer.at
            self._answers[question] = answer
            self._answers.move_to_end(question)
            while len(self._answers) > MOST_ANSWERS:
                self._answers.popitem(last=False)
        return answer
