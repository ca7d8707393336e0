"""Topic `contracts`: what every id of the wire format means, read from the log and from nowhere else."""

from collections.abc import Sequence
from typing import Final

from confluent_kafka import KafkaException, Producer

from domain.contracts import SchemaPublished
from domain.positions import Position
from domain.topics import CONTRACTS
from infra.kafka.client.clients import CONNECT_TIMEOUT_S, LogNotReachable, producer
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.log_range import read_to_end
from infra.kafka.meaning.passed_over import PassedOver, report_once
from schemas.codec import encode
from schemas.contracts import Contracts, ContractsContradict
from schemas.parsed import InvalidSchema
from schemas.publication import decode_published
from schemas.wire import BadRecord

TRANSACTIONAL_ID: Final = "telltale-contracts"
TRANSACTION_TIMEOUT_MS: Final = 10_000


class ContractsNotAppended(RuntimeError):
    """The broker did not take the publications; none of them is in the log."""


class ContractsFollower:
    """The published contracts, growing: `contracts` is one object for life, so decoders can hold it.

    Whoever meets an unknown id calls `refresh` and tries again. Records that are no publications, and publications
    that give an id a second meaning, are passed over: the first meaning of an id holds.
    """

    def __init__(self, bootstrap: str, contracts: Contracts | None = None) -> None:
        """Follow the topic from its beginning; what it holds is added to `contracts`."""
        self._bootstrap = bootstrap
        self.contracts = Contracts() if contracts is None else contracts
        self.position = 0
        """Next offset of topic contracts to read."""
        self.passed_over: list[PassedOver] = []
        """Records that are no usable publication; each is reported once in the process's log."""

    def refresh(self) -> tuple[SchemaPublished, ...]:
        """Take in what was published since the last time, to the topic's end as the broker sees it; return that.

        Raises:
            LogNotReachable: no broker answers.
            LogStalled: a publisher's transaction stays open.
        """
        end = LogEnds(self._bootstrap).written([(CONTRACTS, 0)])[CONTRACTS, 0]
        news: list[SchemaPublished] = []
        for batch in read_to_end(self._bootstrap, CONTRACTS, 0, start=self.position, end=end):
            for offset, value in zip(batch.offsets.tolist(), batch.values, strict=True):
                try:
                    published = decode_published(value)
                    self.contracts.add(published)
                except (BadRecord, InvalidSchema, ContractsContradict) as problem:
                    self._pass_over(Position(CONTRACTS, 0, offset), problem)
                else:
                    news.append(published)
        self.position = max(self.position, end)
        return tuple(news)

    def _pass_over(self, position: Position, problem: Exception) -> None:
        error = problem.error if isinstance(problem, BadRecord) else "contradiction"
        passed = PassedOver(position=position, error=error, reason=str(problem))
        self.passed_over.append(passed)
        report_once(passed)


def followed_contracts(bootstrap: str) -> ContractsFollower:
    """Return a follower that has read up to now; raises what `ContractsFollower.refresh` raises."""
    follower = ContractsFollower(bootstrap)
    follower.refresh()
    return follower


def load_contracts(bootstrap: str) -> Contracts:
    """Return what topic contracts says now; raises what `ContractsFollower.refresh` raises."""
    return followed_contracts(bootstrap).contracts


class KafkaContractsLog:
    """Topic contracts for the one publisher: taking the pen shuts every other publisher out."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer: Producer | None = None

    def take_pen(self) -> None:
        """End any other publisher's open transaction and refuse its next one.

        Raises:
            LogNotReachable: the broker does not answer.
        """
        self._producer = producer(
            self._bootstrap, transactional_id=TRANSACTIONAL_ID, transaction_timeout_ms=TRANSACTION_TIMEOUT_MS
        )
        try:
            self._producer.init_transactions(CONNECT_TIMEOUT_S)
        except KafkaException as error:
            raise LogNotReachable(self._bootstrap, str(error)) from error

    def published(self) -> tuple[SchemaPublished, ...]:
        """Return all publications in the order of the log; raises what `ContractsFollower.refresh` raises."""
        return ContractsFollower(self._bootstrap).refresh()

    def append(self, publications: Sequence[SchemaPublished], known: Contracts) -> None:
        """Append publications in one transaction, keyed by subject; all of them are in the log, or none.

        Raises:
            ContractsNotAppended: the broker refused; the transaction is aborted.
        """
        assert self._producer is not None, "take_pen comes first"  # noqa: S101 - a mistake of the caller's
        try:
            self._producer.begin_transaction()
            for publication in publications:
                self._producer.produce(
                    CONTRACTS, key=publication.subject, value=encode(publication, known), partition=0
                )
            self._producer.commit_transaction(CONNECT_TIMEOUT_S)
        except KafkaException as error:
            raise ContractsNotAppended(f"{CONTRACTS} took nothing: {error}. The same command again is safe") from error
