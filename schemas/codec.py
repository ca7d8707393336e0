"""Events to wire bytes and back, one at a time, with fastavro: the reference for every faster decoder.

A record is read with the schema it was written with and resolved to today's schema of its event.
"""

import dataclasses
import io
from collections.abc import Callable, Hashable, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

import fastavro

from domain import (
    alerts,
    anomalies,
    command_answers,
    comparison,
    contracts,
    dead_letters,
    incident_events,
    models,
    profiles,
    promotion,
    readings,
    rescoring,
    scoring,
)
from schemas.catalogue import schema_of
from schemas.contracts import Contracts
from schemas.ledger import LEDGER, write_ledger
from schemas.wire import HEADER_BYTES, BadRecord, header_of, schema_id_of

Event = (
    contracts.SchemaPublished
    | profiles.ProfileDefined
    | readings.SensorReadingRecorded
    | anomalies.AnomalyDetected
    | scoring.ReadingsScored
    | scoring.ScoringModelChanged
    | scoring.ScorerStateSaved
    | models.ModelTrained
    | comparison.ModelsCompared
    | models.ModelPromoted
    | promotion.PromotionRejected
    | models.ModelArtifactStored
    | rescoring.RescoringRequested
    | rescoring.RescoringCompleted
    | rescoring.RescoringFailed
    | incident_events.IncidentOpened
    | incident_events.IncidentExtended
    | incident_events.IncidentEnded
    | incident_events.IncidentAcknowledged
    | incident_events.IncidentAssigned
    | incident_events.IncidentCommented
    | incident_events.IncidentResolved
    | incident_events.IncidentReopened
    | alerts.AlertSent
    | alerts.AlertSuppressed
    | dead_letters.DeadLettered
    | dead_letters.RecordSkipped
    | dead_letters.DeadLetterRedriven
    | dead_letters.DeadLetterDiscarded
    | command_answers.CommandAnswered
)

EVENT_TYPES: Final[Mapping[str, type[Event]]] = {event.__name__: event for event in get_args(Event)}


def encode(event: Event, known: Contracts) -> bytes:
    """Return the record value of `event`, written with today's schema.

    Raises:
        ContractNotPublished: today's schema has no id yet.
    """
    name = type(event).__name__
    body = io.BytesIO()
    body.write(header_of(known.id_of(name)))
    plain = _taker_apart(cast("Hashable", type(event)))(event)
    if name == LEDGER:
        write_ledger(body, plain)
    else:
        fastavro.schemaless_writer(body, _reader_schema(name), plain)
    return body.getvalue()


def decode(value: bytes | None, known: Contracts) -> Event:
    """Return the event of a record's value.

    Raises:
        BadRecord: the bytes are no event of their schema, or go on after it.
        UnknownSchemaId: the id is not published yet.
    """
    name, plain = decode_plain(value, known)
    return event_from(name, plain)


def decode_plain(value: bytes | None, known: Contracts) -> tuple[str, dict[str, Any]]:
    """Return an event's name and its fields as plain values, resolved to today's schema.

    Raises:
        BadRecord: the bytes are no event of their schema, or go on after it.
        UnknownSchemaId: the id is not published yet.
    """
    schema_id = schema_id_of(value)
    writer, name = known.writer_schema(schema_id), known.event(schema_id)
    assert value is not None  # noqa: S101 - schema_id_of has refused it
    body = io.BytesIO(value)
    body.seek(HEADER_BYTES)
    try:
        plain = fastavro.schemaless_reader(body, writer, _reader_schema(name))
    except Exception as error:  # fastavro raises whatever the damaged bytes lead it into
        # Where in memory the bytes lay is nobody's business, and would make the same record's dead letters differ.
        cause = str(error).partition(" from <")[0]
        raise BadRecord("undecodable", f"{name}, schema {schema_id}: {type(error).__name__}: {cause}") from error
    if left := len(value) - body.tell():
        raise BadRecord("trailing_bytes", f"{name}, schema {schema_id}: {left} bytes after the event's end")
    return name, plain  # type: ignore[return-value]


def event_from(name: str, plain: Mapping[str, Any]) -> Event:
    """Return the event called `name` from its fields as plain values."""
    event: Event = _builder(cast("Hashable", EVENT_TYPES[name]))(plain)
    return event


@cache
def _reader_schema(name: str) -> Any:
    return fastavro.parse_schema(schema_of(name).definition)


@cache
def _taker_apart(kind: Hashable) -> Callable[[Any], Any]:
    """Return the function that makes what fastavro writes from a value of type `kind`: `_builder`'s inverse."""
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        names = tuple(field.name for field in dataclasses.fields(kind))
        deep = [(name, take) for name in names if (take := _taker_apart(hints[name])) is not _same]

        def taken_apart(thing: Any) -> dict[str, Any]:
            plain = {name: getattr(thing, name) for name in names}
            for name, take in deep:
                plain[name] = take(plain[name])
            return plain

        return taken_apart
    if get_origin(kind) is tuple:
        item = _taker_apart(get_args(kind)[0])
        return _same if item is _same else lambda things: [item(thing) for thing in things]
    if get_origin(kind) is UnionType:
        inner = _taker_apart(next(option for option in get_args(kind) if option is not NoneType))
        return _same if inner is _same else lambda thing: None if thing is None else inner(thing)
    return _same


@cache
def _builder(kind: Hashable) -> Callable[[Any], Any]:
    """Return the function that makes a value of type `kind` from what fastavro read."""
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        parts = [(field.name, _builder(hints[field.name])) for field in dataclasses.fields(kind)]
        return lambda plain: kind(**{name: build(plain[name]) for name, build in parts})
    if get_origin(kind) is tuple:
        item = _builder(get_args(kind)[0])
        return tuple if item is _same else lambda plain: tuple(item(part) for part in plain)
    if get_origin(kind) is UnionType:
        inner = _builder(next(option for option in get_args(kind) if option is not NoneType))
        return _same if inner is _same else lambda plain: None if plain is None else inner(plain)
    return _same


def _same(plain: Any) -> Any:
    return plain
