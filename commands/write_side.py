"""Where every command is carried out: one at a time, decided on all that the log holds, answered once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Final, Generic, TypeVar, cast

from commands.aggregates import Fold
from commands.answers import Answer, Answers, CommandIdReused, standing_of
from commands.event_log import EventLog, Following, Record, WriterFenced
from commands.stamps import CommandStamp
from domain.appending import EventNotAppended
from domain.command_answers import CommandAnswered
from domain.rejections import ChangedSince, CommandRejected

State = TypeVar("State")
Event = TypeVar("Event")

HELD: Final = 0
"""Takeovers of a writer that keeps its name: once shut out it never comes back, and its process must end."""

SHARED: Final = 5
"""Takeovers of a writer that takes its name for one command. Two of one name shut each other out at most once per
append, so the later tries find the name free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[State, Event]):
    """A command on its way to its state.

    fold, key: the state that it is decided on. decide: the events it leads to there; none when it changes nothing.
    log_key: key of the events in the log, which names their partition, by the state that they change; None: `key`.
    if_match: version that the state must still have; None: any. unchanged_by: record that holds the answer when nothing
    changes; by default the newest one of the state.
    """

    stamp: CommandStamp
    command: str
    actor: str
    fold: Fold[State, Event]
    key: str
    decide: Callable[[State], Sequence[Event] | Following[Event]]
    log_key: Callable[[State], str] | None = None
    if_match: str | None = None
    unchanged_by: Callable[[], Record[Event] | None] | None = None

    @classmethod
    def of(
        cls,
        command: object,
        stamp: CommandStamp,
        *,
        fold: Fold[State, Event],
        key: str,
        decide: Callable[[State], Sequence[Event] | Following[Event]],
        **more: Any,
    ) -> "Request[State, Event]":
        """Return the request that a command makes; its class names it, and `actor` says who sends it."""
        name, actor = type(command).__name__, str(getattr(command, "actor", ""))
        return cls(stamp=stamp, command=name, actor=actor, fold=fold, key=key, decide=decide, **more)


class WriteSide(Generic[Event]):
    """Carries out the commands of one stream; `folds` are kept up to date with it."""

    def __init__(self, log: EventLog[Event], folds: Sequence[Fold[object, Event]], *, takeovers: int = HELD) -> None:
        self._log: Final = log
        self._folds: Final = tuple(folds)
        self._takeovers: Final = takeovers
        self._answers: Final[Answers[Event]] = Answers()
        self._lock: Final = Lock()
        self._opened = False

    def open(self) -> None:
        """Become the one writer and fold everything there is; a crash in between leaves nothing behind.

        Raises:
            EventNotAppended: the log does not answer.
        """
        with self._lock:
            self._open()
            self._catch_up()

    def perform(self, request: Request[State, Event]) -> Answer[Event]:
        """Carry out one command.

        1. Wait until no other command is being carried out. 2. Become the one writer, unless it is so already. 3. Fold
        what has been appended since, by anybody. 4. Answer a repeated command as it was answered first. 5. Decide.
        6. Append the events in one transaction, the command's id in each one's header; instead of none, or of a
        refusal, a CommandAnswered. 7. Fold them, read back from the log.
        A crash before the end of 6 leaves nothing visible; after it the same command again finds its answer at 4. A
        writer that shares its name and is shut out between 2 and 6 starts again at 2.

        Raises:
            CommandRejected: a rule forbids it, or forbade it when it came first.
            CommandIdReused: its id belongs to another command.
            EventNotAppended: the log did not take it; the same command again is safe.
            WriterFenced: this process may not write any more and must end; the same command again is safe.
        """
        with self._lock:  # Step 1
            return self._tried(request)

    def perform_each(self, requests: Sequence[Request[State, Event]]) -> list[Answer[Event] | Exception]:
        """Carry out many commands and return for each its answer, or the CommandRejected or CommandIdReused it got.

        Each is a command of its own, with a stamp of its own: after a crash the same ones again are answered as far as
        they came, and the rest is carried out.

        Raises:
            EventNotAppended: the log did not take one; the ones before it are carried out.
            WriterFenced: this process may not write any more.
        """
        answers: list[Answer[Event] | Exception] = []
        for request in requests:
            try:
                answers.append(self.perform(request))
            except (CommandRejected, CommandIdReused) as refusal:
                answers.append(refusal)
        return answers

    def _tried(self, request: Request[State, Event]) -> Answer[Event]:
        for taken_back in range(self._takeovers + 1):
            try:
                self._open()  # Step 2
                self._catch_up()  # Step 3
                if first := self._answers.first(request.stamp):  # Step 4
                    return replace(first, repeated=taken_back == 0)
                return self._decided(request)
            except WriterFenced as fenced:
                self._opened = False
                if self._takeovers == HELD:
                    raise
                cause = fenced
        raise EventNotAppended(
            f"other writers keep taking over while {request.command} on {request.key} is decided; try again"
        ) from cause

    def _decided(self, request: Request[State, Event]) -> Answer[Event]:
        try:
            self._require_version(request)
            events = request.decide(request.fold.state(request.key))  # Step 5
        except CommandRejected as rejection:
            self._reject(request, rejection)
            raise
        if not isinstance(events, Following) and not events:
            return self._unchanged(request)
        self._log.append(_log_key(request), events, stamp=request.stamp)  # Step 6
        self._catch_up()  # Step 7
        first = self._answers.first(request.stamp)
        if first is None:
            raise EventNotAppended(f"{request.command} on {request.key} can't be read back; the same again is safe")
        return replace(first, repeated=False)

    def _require_version(self, request: Request[State, Event]) -> None:
        newest = request.fold.newest(request.key)
        version = None if newest is None else str(newest.position)
        if request.if_match in {None, version}:
            return
        raise ChangedSince(
            f"{request.key} is not at {request.if_match} any more but at {version or 'its beginning'}: look at it again"
        )

    def _unchanged(self, request: Request[State, Event]) -> Answer[Event]:
        record = request.unchanged_by() if request.unchanged_by else request.fold.newest(request.key)
        self._keep(request, rule=None, message="", standing=record)
        return Answer(records=(), standing=record)

    def _reject(self, request: Request[State, Event], rejection: CommandRejected) -> None:
        record = (
            request.fold.newest(request.key)
            if rejection.because_of is None
            else request.fold.record_of(request.key, rejection.because_of)
        )
        rejection.standing = standing_of(record)
        self._keep(request, rule=rejection.rule, message=str(rejection), standing=record)

    def _keep(
        self, request: Request[State, Event], *, rule: str | None, message: str, standing: Record[Event] | None
    ) -> None:
        """Append an answer that no event holds, where its command can come again."""
        if not request.stamp.repeatable:
            return
        answered = CommandAnswered(
            command_id=request.stamp.command_id,
            command=request.command,
            key=request.key,
            rule=rule,
            message=message,
            standing=None if standing is None else str(standing.position),
            actor=request.actor,
        )
        self._log.append(request.key, [answered], stamp=request.stamp)

    def _open(self) -> None:
        if not self._opened:
            self._log.open()
            self._opened = True

    def _catch_up(self) -> None:
        for record in self._log.news():
            if isinstance(record.event, CommandAnswered):
                self._answers.keep(cast("Record[CommandAnswered]", record))
                continue
            own = cast("Record[Event]", record)
            self._answers.fold(own)
            for fold in self._folds:
                fold.fold(own)


def _log_key(request: Request[State, Event]) -> str:
    """Return the key of a request's events; asked for only now, when the state has everything that the log has."""
    return request.key if request.log_key is None else request.log_key(request.fold.state(request.key))
