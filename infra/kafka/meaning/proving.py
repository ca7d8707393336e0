"""`telltale contracts prove`: the whole log through `schemas.proof`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from domain.topics import DEAD_LETTERS, SKIPS, TOPICS
from infra.kafka.client.clients import partitions_of
from infra.kafka.client.ends import LogEnds, Place
from infra.kafka.client.log_range import read_to_end
from infra.kafka.meaning.contracts import load_contracts
from schemas.proof import ContractProver, Proof

LAST: Final = (DEAD_LETTERS, SKIPS)
"""Topics that name bad records of others: their ends are asked for last, or they would miss what the others hold."""


class Bar(Protocol):
    """Who wants to know how far it is."""

    def advance(self, count: int = 1) -> None:
        """Say that so many offsets more are read."""

    def set_total(self, total: int) -> None:
        """Say how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenLog:
    """A proof, the time at which the ends were asked for, and the offset before which each partition was read."""

    proof: Proof
    asked_at: datetime
    ends: Mapping[Place, int]


def prove_contracts(bootstrap: str, bar: Bar) -> ProvenLog:
    """Read every committed record up to the end as it is now.

    1. Ask where the topics end; 2. then read the contracts, which so know every id below those ends; 3. read the
    topics; 4. only then ask where dead-letters and skips end, and read them.

    Raises:
        LogNotReachable: no broker answers.
        LogStalled: a transaction stays open.
    """
    ends = LogEnds(bootstrap)
    places: list[Place] = [(topic, number) for topic in TOPICS for number in partitions_of(topic)]
    ordinary = [place for place in places if place[0] not in LAST]
    # Step 1
    asked_at = datetime.now(UTC)
    firsts, written = ends.first(places), dict(ends.written(places))
    bar.set_total(sum(written[place] - firsts[place] for place in places))
    # Step 2
    prover = ContractProver(load_contracts(bootstrap))
    # Step 3
    for place in ordinary:
        _read(prover, bootstrap, place, range(firsts[place], written[place]), bar)
    # Step 4
    last = ends.written([place for place in places if place[0] in LAST])
    for place, end in last.items():
        _read(prover, bootstrap, place, range(firsts[place], end), bar)
    return ProvenLog(proof=prover.finish(), asked_at=asked_at, ends={**written, **last})


def _read(prover: ContractProver, bootstrap: str, place: Place, offsets: range, bar: Bar) -> None:
    done = offsets.start
    for batch in read_to_end(bootstrap, *place, start=offsets.start, end=offsets.stop):
        prover.add(batch)
        bar.advance(batch.next_offset - done)
        done = batch.next_offset
    bar.advance(max(offsets.stop - done, 0))
