"""A run's records in rescored-anomaly-events, and the readings it judges, on Kafka."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from domain.anomalies import AnomalyDetected
from domain.scoring import ReadingsScored
from domain.topics import RESCORED_ANOMALY_EVENTS, SENSOR_EVENTS
from infra.kafka.client.appending import Fenced, NotAppended, OutcomeUnknown, Outgoing, TransactionalAppender
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.log_range import read_to_end
from infra.kafka.scoring.history import KafkaScoringHistory
from ml.rescoring.ports import RescoringStopped
from schemas.codec import decode
from schemas.contracts import Contracts, UnknownSchemaId
from schemas.wire import BadRecord

_AT_ONCE: Final = 2000


class KafkaRescoringLog(KafkaScoringHistory):
    """The RescoringLog of one cluster; one writer's name for each run and partition."""

    def __init__(self, bootstrap: str, contracts: Contracts) -> None:
        super().__init__(bootstrap, contracts)
        self._cluster: Final = bootstrap
        self._known: Final = contracts
        self._appenders: Final[dict[int, TransactionalAppender]] = {}

    def take(self, run_id: UUID, partition: int) -> None:
        """Become the one writer of a run's partition. See `RescoringLog`."""
        appender = TransactionalAppender(
            self._cluster, transactional_id=f"telltale-rescoring-{run_id}-{partition}", contracts=self._known
        )
        try:
            appender.open()
        except NotAppended as error:
            raise RescoringStopped(str(error)) from error
        self._appenders[partition] = appender

    def progress(self, run_id: UUID, partition: int) -> int | None:
        """Return where the run's newest ledger record of a partition ends; None when it has none."""
        for _, value in self._values_backwards(RESCORED_ANOMALY_EVENTS, partition, first_look=_AT_ONCE):
            if ledger := self._ledger(value, run_id):
                return ledger.next_offset
        return None

    def write(self, partition: int, verdicts: Sequence[AnomalyDetected], ledgers: Sequence[ReadingsScored]) -> None:
        """Append verdicts and ledger records, all or nothing. See `RescoringLog`."""
        events: list[tuple[str | None, AnomalyDetected | ReadingsScored]] = [
            *((verdict.machine_id, verdict) for verdict in verdicts),
            *((None, ledger) for ledger in ledgers),
        ]
        outgoing = [
            Outgoing(key=key, event=event, topic=RESCORED_ANOMALY_EVENTS, partition=partition) for key, event in events
        ]
        try:
            self._appenders[partition].append(outgoing)
        except (NotAppended, OutcomeUnknown, Fenced) as error:
            raise RescoringStopped(f"{SENSOR_EVENTS}/{partition}: {error}") from error

    def ends(self, partitions: Sequence[int]) -> Mapping[int, int]:
        """Return where committed readers of the readings get to now."""
        stable = LogEnds(self._cluster).stable((SENSOR_EVENTS, partition) for partition in partitions)
        return {partition: end for (_, partition), end in stable.items()}

    def ledgers(self, run_id: UUID, partition: int) -> Iterator[ReadingsScored]:
        """Yield a run's ledger of a partition, in order."""
        for batch in read_to_end(self._cluster, RESCORED_ANOMALY_EVENTS, partition):
            for value in batch.values:
                if ledger := self._ledger(value, run_id):
                    yield ledger

    def _ledger(self, value: bytes | None, run_id: UUID) -> ReadingsScored | None:
        # Runs lie beside each other in the topic; the id's text is looked for before anything is decoded.
        if value is None or str(run_id).encode() not in value:
            return None
        try:
            event = decode(value, self._known)
        except (BadRecord, UnknownSchemaId):
            return None  # somebody else's
        return event if isinstance(event, ReadingsScored) and event.run_id == run_id else None
