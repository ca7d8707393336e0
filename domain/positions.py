"""Where a record stands in the log."""

from dataclasses import dataclass
from typing import Final, Self

MOST_PARTITION: Final = 2**31 - 1
MOST_OFFSET: Final = 2**63 - 1
"""Kafka counts partitions in 32 bits and offsets in 64."""


class NotAPosition(ValueError):
    """The text is not topic/partition/offset."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """One record's place: written `topic/partition/offset`."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `topic/partition/offset`.

        Raises:
            NotAPosition: it is not of that form.
        """
        topic, _, rest = text.partition("/")
        partition, _, offset = rest.partition("/")
        numbers = partition + offset
        if not (topic and partition and offset and numbers.isascii() and numbers.isdecimal()) or (
            int(partition[:11]) > MOST_PARTITION or int(offset[:20]) > MOST_OFFSET
        ):
            raise NotAPosition(
                f"{text!r} is not a position: write topic/partition/offset, such as sensor-events/3/180442"
            )
        return cls(topic, int(partition), int(offset))
