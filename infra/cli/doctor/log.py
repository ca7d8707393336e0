"""What `telltale doctor` asks of a log that answers; says nothing of one that is not there or not up.

It looks and never repairs.
"""

from collections.abc import Iterator
from typing import Final

from infra.cli.doctor.finding import Check, Finding
from infra.host.embedded.home import Home
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.log_range import LogStalled
from infra.kafka.meaning.contracts import load_contracts
from infra.registry.agreement import REMEDY, told
from infra.registry.client import RegistryClient, RegistryNotReachable
from infra.registry.compare import compare
from infra.settings import Settings
from schemas.contracts import UnknownSchemaId
from schemas.wire import BadRecord

ANSWERS_WITHIN_S: Final = 3.0


def contracts(_home: Home, settings: Settings) -> Iterator[Finding]:
    """Compare registry and topic contracts, id by id."""
    if not log_answers(settings) or not settings.has("registry_url"):
        return
    needed = "every id means the same in registry and log"
    try:
        published = tuple(load_contracts(settings.kafka_bootstrap))
    except (LogNotReachable, LogStalled) as error:
        yield Finding("contracts", False, str(error), needed, "telltale status")
        return
    try:
        with RegistryClient(settings.registry_url) as registry:
            differences = compare(registry, published)
    except RegistryNotReachable as error:
        yield Finding("contracts", False, str(error), needed, "telltale status; readers and the log do without it")
        return
    if not differences:
        agreed = f"{len(published)} ids agree" if published else "nothing is published yet"
        yield Finding("contracts", bool(published), agreed, needed, "telltale contracts publish")
        return
    contradicted = any(difference.means is not None for difference in differences)
    fix = REMEDY if contradicted else "telltale contracts publish: what the registry has lost it gets back"
    yield Finding("contracts", False, "; ".join(map(told, differences)), needed, fix)


def dead_letters(_home: Home, settings: Settings) -> Iterator[Finding]:
    """Compare the records that read models rejected with those in dead-letters."""
    if not settings.has("postgres_dsn") or not log_answers(settings):
        return
    # Imported here: a doctor of a machine without a stack needs no database driver.
    import psycopg  # noqa: PLC0415

    from infra.cli.doctor.dead_letters_agree import compare_with_dead_letters  # noqa: PLC0415

    needed = "the same records are rejected and dead-lettered"
    try:
        contracts = load_contracts(settings.kafka_bootstrap)
        agreement = compare_with_dead_letters(settings.postgres_dsn, settings.kafka_bootstrap, contracts)
    except (LogNotReachable, LogStalled, psycopg.Error) as error:
        yield Finding("dead letters", False, str(error).splitlines()[0], needed, "telltale status")
        return
    except (BadRecord, UnknownSchemaId) as error:
        found = f"a record of dead-letters or skips can't be read: {error}"
        yield Finding("dead letters", False, found, needed, "telltale contracts prove names its position")
        return
    found = f"{agreement.letters} dead letters, {len(agreement.builds)} read models agree"
    if agreement.disagreements:
        found = "; ".join(map(str, agreement.disagreements))
    fix = "telltale rebuild of the read model named: the log says which is right"
    yield Finding("dead letters", not agreement.disagreements, found, needed, fix)


def log_answers(settings: Settings) -> bool:
    """Return whether there is a log and its broker answers."""
    if not settings.has("kafka_bootstrap"):
        return False
    try:
        LogEnds(settings.kafka_bootstrap, timeout_s=ANSWERS_WITHIN_S).written([("contracts", 0)])
    except LogNotReachable:
        return False
    return True


CHECKS: Final[tuple[Check, ...]] = (contracts, dead_letters)
