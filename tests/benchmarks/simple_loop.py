"""The simplest exactly-once loop that scores readings: what the scorer's rate is compared with.

Consume, decode, score with the same compiled forest, write one verdict per abnormal reading, send offsets, commit;
5,000 records a transaction. It has no ledger, no order, no admission, no dead letters, no state and no restart.
"""

import io
import json
import time
from collections.abc import Mapping
from typing import Any, Final

import fastavro
import numpy as np
import pyruhvro
from confluent_kafka import TopicPartition

from domain.topics import SENSOR_EVENTS
from infra.kafka.client.clients import consumer, producer
from ml.isolation_forest.detector import IsolationForestDetector
from schemas.catalogue import schema_of
from schemas.wire import HEADER_BYTES

OUTPUT: Final = "bench-verdicts"
TRANSACTION_RECORDS: Final = 5_000
_GROUP: Final = "bench-simple-loop"
_ANSWER_S: Final = 30.0
_VERDICT: Final = fastavro.parse_schema(
    {
        "type": "record",
        "name": "Verdict",
        "fields": [
            {"name": "reading", "type": "string"},
            {"name": "machine_id", "type": "string"},
            {"name": "score", "type": "double"},
        ],
    }
)


class SimpleLoop:
    """Scores everything between two positions; `run` returns the seconds it took."""

    def __init__(self, bootstrap: str, detector: IsolationForestDetector) -> None:
        self._detector = detector
        self._schema = plain_schema()
        self._consumer = consumer(bootstrap, group=_GROUP, enable_partition_eof=False)
        self._producer = producer(bootstrap, transactional_id=_GROUP, linger_ms=5)
        self._producer.init_transactions(_ANSWER_S)

    def run(self, start: Mapping[int, int], end: Mapping[int, int]) -> float:
        """Score the records of sensor-events from `start` to below `end`; both dense."""
        left = sum(end.values()) - sum(start.values())
        self._consumer.assign([TopicPartition(SENSOR_EVENTS, *at) for at in start.items()])
        began = time.perf_counter()
        while left > 0:
            left -= self._transaction()
        took_s = time.perf_counter() - began
        self._consumer.unassign()
        return took_s

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _transaction(self) -> int:
        messages: list[Any] = self._consumer.consume(TRANSACTION_RECORDS, timeout=0.05)
        if not messages:
            return 0
        self._producer.begin_transaction()
        table = pyruhvro.deserialize_array([message.value()[HEADER_BYTES:] for message in messages], self._schema)
        channels = len(self._detector.channels)
        values = np.asarray(table.column("measurements").items).reshape(-1, channels)
        ratios = self._detector.raw_scores(values) / self._detector.threshold
        abnormal = np.flatnonzero(ratios > 1)
        ids, machines = table.column("event_id"), table.column("machine_id")
        for row in abnormal.tolist():
            body = io.BytesIO()
            machine = machines[row].as_py()
            verdict = {"reading": ids[row].as_py(), "machine_id": machine, "score": float(ratios[row])}
            fastavro.schemaless_writer(body, _VERDICT, verdict)
            self._producer.produce(OUTPUT, body.getvalue(), machine)
        reached = {message.partition(): message.offset() + 1 for message in messages}
        places = [TopicPartition(SENSOR_EVENTS, *at) for at in reached.items()]
        self._producer.send_offsets_to_transaction(places, self._consumer.consumer_group_metadata(), _ANSWER_S)
        self._producer.commit_transaction(_ANSWER_S)
        return len(messages)


def plain_schema() -> str:
    """Return today's schema of readings without logical types, as the batch decoder takes it."""
    definition: dict[str, Any] = json.loads(schema_of("SensorReadingRecorded").text)
    for field in definition["fields"]:
        if isinstance(field["type"], dict):
            field["type"].pop("logicalType", None)
    return json.dumps(definition)
