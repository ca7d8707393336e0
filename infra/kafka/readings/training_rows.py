"""Training rows from the log: a stretch of every partition, decoded and admitted like everywhere else."""

from typing import Final

from domain.admission import UnknownProfile
from domain.positions import Position
from domain.profiles import ProfileDefined, newest_profile
from domain.topics import SENSOR_EVENTS
from infra.kafka.client.clients import partitions_of
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.log_range import read_to_end
from infra.kafka.meaning.decoding import KafkaReadingDecoding
from ml.manifest import OffsetRange, Selection
from ml.training.gathering import RowCollector
from ml.training.ports import OnProgress, ReadingsGone, ReadingsWait
from ml.training.trainer import TrainingRows
from schemas.contracts import UnknownSchemaId
from schemas.readings import Readings
from schemas.records import RecordBatch


def readings_of(batch: RecordBatch, decoding: KafkaReadingDecoding) -> Readings:
    """Return the batch's readings without those that were skipped, or given up by the scorer.

    Raises:
        ReadingsWait: a record names a schema or profile that is not in the log, and nobody has decided about it.
    """
    try:
        (readings,) = decoding.decode_new([batch])
    except (UnknownSchemaId, UnknownProfile) as unknown:
        first = decoding.unknown(batch)[0]
        raise ReadingsWait(Position(batch.topic, batch.partition, first.offset), first.message) from unknown
    return readings


class KafkaReadingLog:
    """The ReadingLog of one cluster."""

    def __init__(self, bootstrap: str, decoding: KafkaReadingDecoding) -> None:
        self._bootstrap: Final = bootstrap
        self._decoding: Final = decoding
        self._ends: Final = LogEnds(bootstrap)
        self._places: Final = [(SENSOR_EVENTS, partition) for partition in partitions_of(SENSOR_EVENTS)]

    def profile(self, name: str) -> ProfileDefined:
        """Return the profile that `name` means: `pump@1`, or `pump` for its newest version.

        Raises:
            UnknownProfile: it is not in the log.
        """
        self._decoding.refresh()
        profile = newest_profile(tuple(self._decoding.profiles.values()), name)
        if profile is None:
            raise UnknownProfile(name)
        return profile

    def everything(self, profile: str) -> Selection:
        """Return the selection of all readings of a profile (`pump@1`) that committed readers can reach now."""
        first, end = self._ends.first(self._places), self._ends.stable(self._places)
        return Selection(
            profile=profile,
            topic=SENSOR_EVENTS,
            topic_id=self._ends.topic_id(SENSOR_EVENTS),
            ranges=tuple(
                OffsetRange(partition=place[1], from_offset=first[place], next_offset=end[place])
                for place in self._places
                if end[place] > first[place]
            ),
        )

    def rows(self, selection: Selection, profile: ProfileDefined, *, on_progress: OnProgress) -> TrainingRows:
        """Return the selected rows.

        Raises:
            ReadingsGone: the ranges reach below what the log still holds, or beyond its end, or it is another log.
            ReadingsWait: a record in them names a schema or profile that is not in the log yet.
        """
        self.require(selection)
        total = sum(len(one) for one in selection.ranges)
        before = 0
        collector = RowCollector(selection, profile)
        for one in selection.ranges:
            for batch in read_to_end(
                self._bootstrap, selection.topic, one.partition, start=one.from_offset, end=one.next_offset
            ):
                collector.add(readings_of(batch, self._decoding))
                on_progress(before + int(batch.offsets[-1]) + 1 - one.from_offset, total)
            before += len(one)
            on_progress(before, total)
        return collector.rows()

    def require(self, selection: Selection) -> None:
        """Return when the log holds all of the selection's ranges.

        Raises:
            ReadingsGone: it does not, or is another log.
        """
        if self._ends.topic_id(selection.topic) != selection.topic_id:
            raise ReadingsGone(f"{selection.topic} is not the topic of the manifest: it was made anew or restored")
        first, end = self._ends.first(self._places), self._ends.written(self._places)
        for one in selection.ranges:
            place = (selection.topic, one.partition)
            if one.from_offset < first.get(place, 0) or one.next_offset > end.get(place, 0):
                raise ReadingsGone(
                    f"{selection.topic}/{one.partition} holds {first.get(place, 0)} to {end.get(place, 0)}, "
                    f"the manifest names {one.from_offset} to {one.next_offset}"
                )
