"""`telltale contracts publish`: today's schemas into the registry, their ids into the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.contracts import SchemaPublished
from infra.kafka.meaning.contracts import KafkaContractsLog
from infra.registry.client import COMPATIBILITY, RegistryClient
from infra.registry.compare import compare
from infra.registry.ports import ContractsLog, Registry
from infra.settings import Settings
from schemas.catalogue import subjects
from schemas.contract_check import Violation, check, check_all
from schemas.contracts import Contracts
from schemas.history import EarlierVersion


class PublishRefused(RuntimeError):
    """Publishing would break a contract; nothing was appended to the log."""


class SchemasIncompatible(PublishRefused):
    """Today's schemas can't stand beside what was published."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__("; ".join(map(str, violations)))
        self.violations = tuple(violations)


class RegistryDisagrees(PublishRefused):
    """An id in topic contracts means something else in the registry, or nothing that it would give that id again."""

    def __init__(self, contract: SchemaPublished, found: str) -> None:
        super().__init__(
            f"id {contract.id} is {contract.subject} version {contract.version} in topic contracts, but {found} in the "
            "registry: this is not the registry the log was written beside, or schemas were registered there in "
            "another order. Records keep their meaning (readers ask topic contracts), but nothing can be published: "
            "point TELLTALE_REGISTRY_URL to the right registry, restore its storage, or empty its storage and publish "
            "again, which gives the ids of topic contracts anew"
        )
        self.schema_id = contract.id


class Outcome(StrEnum):
    """What publishing did with one schema."""

    NEW = "new"
    ALREADY = "already"


@dataclass(frozen=True, slots=True)
class PublishedSchema:
    """One subject's schema of today in registry and log."""

    subject: str
    id: int
    version: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What is published now, and how many of the log's ids the registry had lost and got back."""

    schemas: tuple[PublishedSchema, ...]
    restored: int

    @property
    def appended(self) -> int:
        """Number of publications appended to the log."""
        return sum(schema.outcome is Outcome.NEW for schema in self.schemas)


def publish_contracts(settings: Settings) -> PublishReport:
    """Publish today's schemas; a second time changes nothing. Raises what `publish` and its adapters raise."""
    with RegistryClient(settings.registry_url) as registry:
        return publish(registry, KafkaContractsLog(settings.kafka_bootstrap))


def publish(registry: Registry, log: ContractsLog) -> PublishReport:
    """Register today's schemas and append those the log does not know yet.

    1. Check today's schemas offline against every version kept with the code.
    2. Take the pen: no other publisher can append from here on.
    3. Fold topic contracts to its end, and check today's schemas against every version in it.
    4. Hold log and registry together, id by id. What the registry has lost it gets back, in the log's order.
    5. Demand FULL_TRANSITIVE, globally and of each subject; register each schema.
    6. Append what is new in one transaction.

    A crash before step 6 leaves at most schemas in the registry that nobody writes with: the next run finds them
    registered, with the same ids. Step 6 happens wholly or not at all.

    Raises:
        SchemasIncompatible: by itself, or beside a version in the code or in the log.
        RegistryDisagrees: the registry is not the one the log was written beside.
        SchemaRefused: the registry says no where the offline check said yes.
    """
    # Step 1
    if wrong := [violation for checked in check_all() for violation in checked.violations]:
        raise SchemasIncompatible(wrong)
    # Step 2
    log.take_pen()
    # Step 3
    in_log = log.published()
    known = Contracts(in_log)
    if wrong := _against(in_log):
        raise SchemasIncompatible(wrong)
    # Step 4
    restored = _hold_together(registry, in_log)
    # Step 5
    _demand_compatibility(registry, None)
    there = {(contract.id, contract.subject) for contract in in_log}
    schemas, new = [], []
    for subject, schema in subjects().items():
        kept = registry.register(subject, schema.text)
        _demand_compatibility(registry, subject)
        outcome = Outcome.ALREADY if (kept.id, subject) in there else Outcome.NEW
        schemas.append(PublishedSchema(subject, kept.id, kept.version, outcome))
        if outcome is Outcome.NEW:
            new.append(
                SchemaPublished(
                    id=kept.id, subject=subject, version=kept.version, text=schema.text, sha256=schema.sha256
                )
            )
            known.add(new[-1])
    # Step 6
    if new:
        log.append(new, known)
    return PublishReport(tuple(schemas), restored)


def _demand_compatibility(registry: Registry, subject: str | None) -> None:
    """Set FULL_TRANSITIVE where it is not set: a subject's own level would outdo the global one."""
    if registry.compatibility(subject) != COMPATIBILITY:
        registry.demand_compatibility(subject)


def _against(in_log: Sequence[SchemaPublished]) -> list[Violation]:
    """Check today's schemas against the versions in the log, which may know some that this code does not."""
    wrong: list[Violation] = []
    for subject, schema in subjects().items():
        earlier = [
            EarlierVersion(schema.event, contract.version, contract.text)
            for contract in in_log
            if contract.subject == subject
        ]
        wrong.extend(check(schema, earlier))
    return wrong


def _hold_together(registry: Registry, in_log: Sequence[SchemaPublished]) -> int:
    """Compare every id of the log with the registry; return how many it had lost and has again under the same id.

    Nothing is registered before all ids that the registry does know are seen to agree.
    """
    differences = compare(registry, in_log)
    for difference in differences:
        if difference.means is not None:
            raise RegistryDisagrees(difference.contract, difference.means)
    lost = [difference.contract for difference in differences]
    for contract in lost:
        given = registry.register(contract.subject, contract.text).id
        if given != contract.id:
            raise RegistryDisagrees(contract, f"it got id {given}")
    return len(lost)
