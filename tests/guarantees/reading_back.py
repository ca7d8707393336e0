"""What the log says, for tests that account for it: what another client wrote there is no event, and stops nobody."""

from schemas.codec import Event, decode
from schemas.contracts import Contracts, UnknownSchemaId
from schemas.wire import BadRecord


def event_or_none(value: bytes | None, contracts: Contracts) -> Event | None:
    """Return the event of a record's value; None for bytes that are none."""
    try:
        return decode(value, contracts)
    except (BadRecord, UnknownSchemaId):
        return None
