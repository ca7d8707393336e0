"""What stops producers: topics that have grown, and a registry that contradicts topic `contracts`.

A record names its schema by id. Readers of ours learn from the log what an id means; other systems may ask the
registry. While the two say different things, every further record would be read as something else by one of them. Only
a registry that answers and differs stops anybody: one that is away, or has lost an id, has said nothing wrong. Readers
never ask it.
"""

from typing import Final

import structlog

from domain.contracts import SchemaPublished
from infra.kafka.client.topics import require_partitions
from infra.registry.client import RegistryClient, RegistryNotReachable
from infra.registry.compare import Difference, compare
from infra.registry.ports import Registry
from infra.settings import Settings
from schemas.contracts import Contracts

ANSWERS_WITHIN_S: Final = 2.0
"""A producer does not wait longer for a registry that it can do without."""

REMEDY: Final = (
    "point TELLTALE_REGISTRY_URL to the registry the log was written beside, or empty this one's storage and "
    "`telltale contracts publish`, which gives the ids of topic contracts anew"
)


class RegistryContradictsLog(RuntimeError):
    """The registry gives ids of the log another meaning; nothing may be written until it does not."""

    def __init__(self, differences: tuple[Difference, ...]) -> None:
        named = "; ".join(told(difference) for difference in differences[:3])
        more = f" and {len(differences) - 3} more" if len(differences) > 3 else ""
        super().__init__(
            f"the schema registry contradicts topic contracts: {named}{more}. What is in the log keeps its meaning, "
            f"but nothing more is written: {REMEDY}"
        )
        self.differences = differences


def told(difference: Difference) -> str:
    """Return one difference as people read it."""
    contract = difference.contract
    ours = f"id {contract.id} is {contract.subject} version {contract.version} in the log"
    return f"{ours}, {'unknown to' if difference.means is None else difference.means + ' in'} the registry"


def require_agreement(registry: Registry, in_log: tuple[SchemaPublished, ...]) -> None:
    """Return if the registry contradicts none of the log's publications.

    Raises:
        RegistryContradictsLog: an id means something else there.
        RegistryNotReachable: it does not answer.
    """
    contradictions = tuple(difference for difference in compare(registry, in_log) if difference.means is not None)
    if contradictions:
        raise RegistryContradictsLog(contradictions)


def contracts_to_write(settings: Settings, contracts: Contracts) -> Contracts:
    """Return the contracts a producer encodes with, once topics are as they were made and the registry agrees.

    Raises:
        TopicsDiffer: a topic has more partitions now, so that a machine's history would go on in another.
        RegistryContradictsLog: an id means something else there.
    """
    require_partitions(settings.kafka_bootstrap)
    if not settings.has("registry_url"):
        return contracts
    try:
        with RegistryClient(settings.registry_url, timeout_s=ANSWERS_WITHIN_S) as registry:
            require_agreement(registry, tuple(contracts))
    except RegistryNotReachable as away:
        structlog.get_logger().info("registry_not_asked", cause=str(away))
    return contracts
