"""The states that commands are decided on: one for each key, folded from a stream."""

from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

from commands.event_log import Record

State = TypeVar("State")
Event = TypeVar("Event")
State_co = TypeVar("State_co", covariant=True)


class Fold(Protocol[State_co, Event]):
    """States by key, as the write side needs them."""

    def fold(self, record: Record[Event]) -> None:
        """Take in one record, in log order; never refuses."""

    def state(self, key: str) -> State_co:
        """Return the state under `key`; its first one when nothing is known of it."""

    def newest(self, key: str) -> Record[Event] | None:
        """Return the record whose position is the version of the state under `key`; None: it never changed."""

    def record_of(self, key: str, event: object) -> Record[Event] | None:
        """Return the newest record of an event that the state holds."""


class Aggregates(Generic[State, Event]):
    """A Fold made of a rule for the key, a first state and a rule for the state after a record.

    key_of: key of an event; None: the event concerns no state here. versions: the kinds of event that make a new
    version of the state, which `If-Match` compares; all when none is named.
    """

    def __init__(
        self,
        *,
        first: State,
        evolve: Callable[[State, Record[Event]], State],
        key_of: Callable[[Event], str | None],
        versions: tuple[type, ...] = (object,),
    ) -> None:
        self._first: Final = first
        self._evolve: Final = evolve
        self._key_of: Final = key_of
        self._versions: Final = versions
        self._states: Final[dict[str, State]] = {}
        self._newest: Final[dict[str, Record[Event]]] = {}
        self._by_kind: Final[dict[tuple[str, type], Record[Event]]] = {}

    def fold(self, record: Record[Event]) -> None:
        """Take in one record. See `Fold`."""
        key = self._key_of(record.event)
        if key is None:
            return
        self._states[key] = self._evolve(self.state(key), record)
        self._by_kind[key, type(record.event)] = record
        if isinstance(record.event, self._versions):
            self._newest[key] = record

    def state(self, key: str) -> State:
        """Return the state under `key`. See `Fold`."""
        return self._states.get(key, self._first)

    def newest(self, key: str) -> Record[Event] | None:
        """Return the record of the newest version under `key`. See `Fold`."""
        return self._newest.get(key)

    def record_of(self, key: str, event: object) -> Record[Event] | None:
        """Return the newest record of an event that the state holds. See `Fold`."""
        record = self._by_kind.get((key, type(event)))
        return record if record is not None and record.event == event else None
