"""What `telltale doctor` asks of the log, and of what follows from it. It looks and never repairs.

What can't be asked is a NO and never left out: a check that vanishes looks like one that went well.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache
from typing import Final

from infra.cli.doctor.finding import Check, Finding
from infra.host.embedded.home import Home
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.ends import LogEnds
from infra.kafka.client.log_range import LogStalled
from infra.kafka.meaning.contracts import load_contracts
from infra.kafka.scoring.judging_look import JudgingLook
from infra.registry.agreement import REMEDY, told
from infra.registry.client import RegistryClient, RegistryNotReachable
from infra.registry.compare import compare
from infra.settings import PREFIX, Settings
from schemas.contracts import UnknownSchemaId
from schemas.wire import BadRecord

ANSWERS_WITHIN_S: Final = 3.0


def log(home: Home, settings: Settings) -> Iterator[Finding]:
    """Ask whether there is a log and its broker answers."""
    needed = "Kafka answers"
    if not settings.has("kafka_bootstrap"):
        yield Finding("log", True, f"none yet in {home.path}", f"{needed}, once there is one", "telltale up")
        return
    away = why_away(settings.kafka_bootstrap)
    yield Finding("log", away is None, away or settings.kafka_bootstrap, needed, "telltale up")


def judging(_home: Home, settings: Settings) -> Iterator[Finding]:
    """Ask whether every arriving reading is being judged."""
    needed = "every arriving reading is judged"
    if (instead := not_asked("judging", settings, needed)) is not None:
        yield from instead
        return
    try:
        with closing(JudgingLook(settings.kafka_bootstrap, timeout_s=ANSWERS_WITHIN_S)) as look:
            found = look.look()
    except LogNotReachable as error:
        yield Finding("judging", False, str(error), needed, "telltale status")
        return
    waiting = f"{found.unjudged:,} readings wait, the oldest for {found.oldest_s:,.0f} s"
    told = waiting if found.unjudged else "every reading is accounted for"
    if found.cause:
        told = f"{found.cause}; {waiting}"
    yield Finding("judging", found.holds, told, needed, "telltale status names the part; its log says why")


def contracts(_home: Home, settings: Settings) -> Iterator[Finding]:
    """Compare registry and topic contracts, id by id."""
    needed = "every id means the same in registry and log"
    if (instead := not_asked("contracts", settings, needed, also="registry_url")) is not None:
        yield from instead
        return
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
    needed = "the same records are rejected and dead-lettered"
    if (instead := not_asked("dead letters", settings, needed, also="postgres_dsn")) is not None:
        yield from instead
        return
    # Imported here: a doctor of a machine without a stack needs no database driver.
    import psycopg  # noqa: PLC0415

    from infra.cli.doctor.dead_letters_agree import compare_with_dead_letters  # noqa: PLC0415

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


def not_asked(check: str, settings: Settings, needed: str, *, also: str | None = None) -> Sequence[Finding] | None:
    """Return what a check that asks the log says instead of asking; None when it can ask.

    also: name of another address that it compares the log with; where none is set there is nothing to compare.
    """
    if not settings.has("kafka_bootstrap"):
        return ()  # said by the check of the log
    if also is not None and not settings.has(also):
        return [Finding(check, True, f"{PREFIX}{also.upper()} is not set: nothing to compare with", needed, "")]
    if why_away(settings.kafka_bootstrap) is not None:
        return [Finding(check, False, "can't be asked: Kafka does not answer", needed, "telltale up")]
    return None


def log_answers(settings: Settings) -> bool:
    """Return whether there is a log and its broker answers."""
    return settings.has("kafka_bootstrap") and why_away(settings.kafka_bootstrap) is None


@cache
def why_away(bootstrap: str) -> str | None:
    """Return why the broker does not answer, None when it does; asked once, however many checks want to know."""
    try:
        LogEnds(bootstrap, timeout_s=ANSWERS_WITHIN_S).written([("contracts", 0)])
    except LogNotReachable as away:
        return str(away)
    return None


CHECKS: Final[tuple[Check, ...]] = (log, judging, contracts, dead_letters)
