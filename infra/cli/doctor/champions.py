"""Whether somebody judges what comes in: `telltale doctor`'s look at profiles without a champion.

It looks and never promotes.
"""

from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from typing import Final

from domain.readings import SensorReadingRecorded
from domain.topics import MODEL_EVENTS, SENSOR_EVENTS
from infra.cli.doctor.finding import Finding
from infra.cli.doctor.log import not_asked
from infra.host.embedded.home import Home
from infra.kafka.client.clients import LogNotReachable, consumer, partitions_of
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.log_range import LogStalled, read_stretch
from infra.kafka.meaning.contracts import load_contracts
from infra.settings import Settings
from ml.scoring.champions import Champions
from schemas.codec import Event, decode
from schemas.contracts import UnknownSchemaId
from schemas.wire import BadRecord

NEWEST: Final = 50
"""Offsets looked at from the end of each partition: which profiles send readings now, not ever."""


NEEDED: Final = "a champion for every profile that sends readings"


def champions(_home: Home, settings: Settings) -> Iterator[Finding]:
    """Name the profiles whose newest readings nobody judges."""
    if (instead := not_asked("champions", settings, NEEDED)) is not None:
        yield from instead
        return
    try:
        yield judged(*_seen(settings.kafka_bootstrap))
    except (LogNotReachable, LogStalled) as error:
        yield Finding("champions", False, str(error), NEEDED, "telltale status")


def judged(sending: Collection[str], promoted: Collection[str]) -> Finding:
    """Return the finding on profiles that send readings, and those that have a champion, as `pump@1`."""
    without = sorted(set(sending) - set(promoted))
    if not without:
        found = "every profile of the newest readings has one" if sending else "no readings yet"
        return Finding("champions", True, found, NEEDED, "")
    named = ", ".join(without)
    fix = f'telltale train {without[0]}; then telltale models promote {without[0].partition("@")[0]}/N --because "why"'
    return Finding("champions", False, f"{named}: no champion, so its readings are unscored", NEEDED, fix)


def _seen(bootstrap: str) -> tuple[set[str], set[str]]:
    """Return the profiles of the newest readings, and those that were ever given a champion."""
    contracts = load_contracts(bootstrap)
    places = [(SENSOR_EVENTS, partition) for partition in partitions_of(SENSOR_EVENTS)]
    control = (MODEL_EVENTS, 0)
    ends = LogEnds(bootstrap).stable([*places, control])
    folded, sending = Champions(), set()
    with closing(consumer(bootstrap, fetch_wait_max_ms=10)) as client:

        def events(place: tuple[str, int], start: int) -> Iterator[tuple[int, Event]]:
            if start < ends[place]:
                for batch in read_stretch(client, place, start, ends[place]):
                    for offset, value in zip(batch.offsets.tolist(), batch.values, strict=True):
                        with suppress(BadRecord, UnknownSchemaId):
                            yield offset, decode(value, contracts)

        folded.fold(events(control, 0))
        for place in places:
            newest = events(place, max(0, ends[place] - NEWEST))
            sending |= {event.profile for _, event in newest if isinstance(event, SensorReadingRecorded)}
    return sending, {model.profile for model, _ in folded.newest()}
