"""Readings for comparing models: a stretch of the log, decoded and admitted like everywhere else."""

from collections.abc import Iterator
from typing import Final

from infra.kafka.client.log_range import read_to_end
from infra.kafka.meaning.decoding import KafkaReadingDecoding
from infra.kafka.readings.training_rows import KafkaReadingLog, readings_of
from ml.manifest import OffsetRange
from schemas.readings import Readings


class KafkaComparedReadings(KafkaReadingLog):
    """The ComparedReadings of one cluster: what training reads, batch by batch instead of as rows."""

    def __init__(self, bootstrap: str, decoding: KafkaReadingDecoding) -> None:
        super().__init__(bootstrap, decoding)
        self._cluster: Final = bootstrap
        self._decode_with: Final = decoding

    def read(self, topic: str, stretch: OffsetRange) -> Iterator[Readings]:
        """Yield the readings of one stretch in log order, in batches as the broker gives them."""
        for batch in read_to_end(
            self._cluster, topic, stretch.partition, start=stretch.from_offset, end=stretch.next_offset
        ):
            yield readings_of(batch, self._decode_with)
