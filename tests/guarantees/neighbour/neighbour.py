"""A foreign client that writes anything anywhere: seeded, with a librdkafka of its own and other settings."""

import random
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from confluent_kafka import Message, Producer

from domain.dead_letters import RecordSkipped
from domain.topics import DEAD_LETTERS, MODEL_EVENTS, SENSOR_EVENTS, SKIPS, TOPICS
from schemas.codec import encode
from schemas.contracts import Contracts
from tests.builders import a_reading
from tests.raw_avro import raw_reading

LARGEST = 7_900_000
ABORTED_RECORDS = 3_000


@dataclass
class Neighbour:
    """Writes bad records into every topic; `bad` says of those in sensor-events what their dead letter may name."""

    bootstrap: str
    contracts: Contracts
    rng: random.Random
    bad: dict[str, frozenset[str]] = field(default_factory=dict)
    good: list[str] = field(default_factory=list)
    written: Counter[str] = field(default_factory=Counter)
    _hanging: list[Producer] = field(default_factory=list)

    @cached_property
    def _client(self) -> Producer:
        return Producer({"bootstrap.servers": self.bootstrap, "message.max.bytes": 8_388_000})

    def turn(self) -> None:
        """Write one record of every kind into every topic."""
        for topic in TOPICS:
            for value, causes in self._junk():
                self._write(topic, value, causes=causes)
        for value, key, causes in self._readings():
            self._write(SENSOR_EVENTS, value, key=key, causes=causes)
        skip = encode_skip(self.contracts)
        self._write(MODEL_EVENTS, skip)
        self.flush()

    def huge(self) -> None:
        """Write records larger than an ordinary producer may, among them one as large as the broker takes."""
        for size in (1_100_000, 3_000_000, LARGEST):
            self._write(SENSOR_EVENTS, self.rng.randbytes(size), causes={"not_avro", "not_admitted", "unknown_schema"})
        for topic in (SKIPS, MODEL_EVENTS, DEAD_LETTERS, "contracts", "anomaly-events", "scorer-state"):
            self._write(topic, b"\1" + self.rng.randbytes(1_100_000))
        self.flush()

    def flush(self) -> None:
        """Return when the broker has taken everything."""
        assert self._client.flush(60) == 0

    def abort(self, records: int = ABORTED_RECORDS) -> None:
        """Write many records into sensor-events in a transaction, and abort it."""
        client = self._transactional("aborts")
        client.begin_transaction()
        for _ in range(records):
            client.produce(SENSOR_EVENTS, self.rng.randbytes(20), partition=self.rng.randrange(2))
            client.poll(0)
        client.flush(60)
        client.abort_transaction(30)

    def hang(self) -> None:
        """Begin a transaction in a control topic and in readings, and never end it: the broker has to."""
        client = self._transactional(f"hangs-{len(self._hanging)}", timeout_ms=5_000)
        client.begin_transaction()
        client.produce(MODEL_EVENTS, b"never", partition=0)
        client.produce(SENSOR_EVENTS, b"never", partition=3)
        client.flush(60)
        self._hanging.append(client)

    def _transactional(self, name: str, *, timeout_ms: int = 20_000) -> Producer:
        client = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "transactional.id": f"neighbour-{name}",
                "transaction.timeout.ms": timeout_ms,
            }
        )
        client.init_transactions(30)
        return client

    def _junk(self) -> list[tuple[bytes | None, set[str]]]:
        never = {"not_avro"}
        return [
            (b"\1" + self.rng.randbytes(self.rng.randrange(200)), never),
            (b"", never),
            (None, never),
            (b"\0\0", never),
            (bytes(64), {"not_admitted"}),
            (struct.pack(">bI", 0, 2**32 - 1) + b"x", {"not_admitted"}),
            (struct.pack(">bI", 0, self.rng.randrange(10**6, 10**9)) + b"x", {"unknown_schema"}),
            (encode(a_reading(0), self.contracts)[:20], {"undecodable"}),
        ]

    def _readings(self) -> list[tuple[bytes, bytes | None, set[str]]]:
        machine = f"foreign-{self.rng.randrange(5)}"

        def one(**changes: Any) -> bytes:
            return raw_reading(self.contracts, second=self.rng.randrange(10**6), machine_id=machine, **changes)

        good = one()
        key, refused = machine.encode(), {"not_admitted"}
        return [
            (good, key, set()),
            (good, key, set()),
            (good, b"somebody-else", refused),
            (good, None, refused),
            (good + b"more", key, {"trailing_bytes"}),
            (one(profile="pump"), key, refused),
            (one(profile="pump@0"), key, refused),
            (one(profile=f"pump@{self.rng.randrange(50, 10**6)}"), key, {"unknown_profile"}),
            (one(profile="nobody@1"), key, {"unknown_profile"}),
            (one(sensor_id="line\nbreak\x07\x1b[31m"), key, set()),
            (one(sensor_id="nul\0"), key, refused),
            (one(sensor_id=""), key, refused),
            (one(year=1900), key, refused),
            (one(year=2300), key, refused),
            (one(year=1971), key, set()),
            (one(year=2150), key, set()),
            (one(measurements={"speed": float("nan")}), key, refused),
            (one(measurements={"speed": 1e300}), key, refused),
            (one(measurements={"unheard-of": 1.0}), key, refused),
            (one(measurements={}), key, refused),
        ]

    def _write(
        self, topic: str, value: bytes | None, *, key: bytes | None = b"neighbour", causes: set[str] | None = None
    ) -> None:
        self._client.produce(topic, value, key, on_delivery=self._delivered(topic, frozenset(causes or ())))
        self._client.poll(0)
        self.written[topic] += 1

    def _delivered(self, topic: str, causes: frozenset[str]) -> Callable[[object, Message], None]:
        def noted(error: object, message: Message) -> None:
            assert error is None, error
            position = f"{topic}/{message.partition()}/{message.offset()}"
            if topic != SENSOR_EVENTS:
                return
            if causes:
                self.bad[position] = causes
            else:
                self.good.append(position)

        return noted


def encode_skip(contracts: Contracts) -> bytes:
    """Return a good event of topic skips."""
    return encode(RecordSkipped(position="sensor-events/0/99999999", because="?", actor="neighbour"), contracts)
