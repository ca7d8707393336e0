"""The Confluent wire format: one zero byte, the schema's id as four bytes big-endian, the Avro body."""

import struct
from typing import Final

HEADER_BYTES: Final = 5
_HEADER: Final = struct.Struct(">bI")
_LARGEST_ID: Final = 2**31 - 1


class BadRecord(ValueError):
    """The bytes can't be an event, for ever; `error` is the class written into the dead letter."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error


def header_of(schema_id: int) -> bytes:
    """Return the five bytes before a body written with this schema."""
    return _HEADER.pack(0, schema_id)


def schema_id_of(value: bytes | None) -> int:
    """Return the schema id that a record's value names.

    Raises:
        BadRecord: there is no value, it is too short, it does not start with the magic byte, or no schema can ever
            have its id.
    """
    if value is None:
        raise BadRecord("not_avro", "the record has no value")
    if len(value) < HEADER_BYTES:
        raise BadRecord("not_avro", f"the value has {len(value)} bytes; header and body need more than {HEADER_BYTES}")
    magic, schema_id = _HEADER.unpack_from(value)
    if magic != 0:
        raise BadRecord("not_avro", f"the value starts with byte {value[0]:#04x} where the wire format has 0x00")
    if not 1 <= schema_id <= _LARGEST_ID:
        raise BadRecord("not_admitted", f"no schema can have the id {schema_id}; ids begin at 1")
    return int(schema_id)
