"""The bare loop that a projection of readings is compared with: consume, decode, COPY in a second thread.

No checkpoint, no admission, no order, no transaction with anything: rows into one table with a key.
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any, Final

import numpy as np
import psycopg
import pyarrow as pa
import pyruhvro
from confluent_kafka import Message, TopicPartition

from domain.profiles import ProfileDefined
from domain.topics import SENSOR_EVENTS
from infra.kafka.client.clients import consumer
from infra.postgres.connections import connect_for_writing
from infra.postgres.copying import copy_rows
from schemas.wire import HEADER_BYTES
from tests.benchmarks.simple_loop import plain_schema

BATCH: Final = 20_000
_TABLE: Final = """
DROP TABLE IF EXISTS bench_bare;
CREATE TABLE bench_bare (
    partition int, "offset" bigint, machine_id text, sensor_id text, event_id text, recorded_at timestamptz,
    "values" float8[], PRIMARY KEY (partition, "offset")
)
"""


class BareLoop:
    """Copies everything below given ends; `run` returns the seconds it took."""

    def __init__(self, bootstrap: str, dsn: str, profile: ProfileDefined) -> None:
        self._consumer = consumer(bootstrap, group="bench-bare-loop", enable_partition_eof=False)
        self._dsn = dsn
        self._channels = len(profile.channels)
        self._schema = plain_schema()

    def run(self, ends: Mapping[int, int]) -> float:
        """Copy all records of sensor-events below `ends`."""
        left = sum(ends.values())
        writing: Future[None] | None = None
        with closing(connect_for_writing(self._dsn, name="bench")) as connection, ThreadPoolExecutor(1) as writer:
            connection.execute(_TABLE)
            self._consumer.assign([TopicPartition(SENSOR_EVENTS, partition, 0) for partition in ends])
            began = time.perf_counter()
            while left > 0:
                messages = self._consumer.consume(BATCH, timeout=0.02)
                if not messages:
                    continue
                left -= len(messages)
                rows = self._rows(messages)
                if writing is not None:
                    writing.result()
                writing = writer.submit(_copied, connection, rows)
            if writing is not None:
                writing.result()
            took_s = time.perf_counter() - began
            connection.execute("DROP TABLE bench_bare")
        self._consumer.close()
        return took_s

    def _rows(self, messages: Sequence[Message]) -> pa.RecordBatch:
        values: list[Any] = list(map(Message.value, messages))
        table = pyruhvro.deserialize_array([value[HEADER_BYTES:] for value in values], self._schema)
        count = len(messages)
        edges = pa.array(np.arange(0, (count + 1) * self._channels, self._channels, dtype=np.int32))
        columns = {
            "partition": pa.array(np.fromiter(map(Message.partition, messages), np.int32, count)),
            "offset": pa.array(np.fromiter(map(Message.offset, messages), np.int64, count)),
            "machine_id": table.column("machine_id"),
            "sensor_id": table.column("sensor_id"),
            "event_id": table.column("event_id"),
            "recorded_at": table.column("recorded_at").cast(pa.int64()).cast(pa.timestamp("us", "UTC")),
            "values": pa.ListArray.from_arrays(edges, table.column("measurements").items),
        }
        return pa.RecordBatch.from_pydict(columns)


def _copied(connection: psycopg.Connection, rows: pa.RecordBatch) -> None:
    with connection.transaction():
        copy_rows(connection, "bench_bare", [rows])
