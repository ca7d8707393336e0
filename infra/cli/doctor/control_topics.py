"""What stands in the control topics that does not belong there: `telltale doctor`'s look at them."""

from collections.abc import Iterator, Sequence
from typing import Final

from domain.dead_letters import RecordSkipped
from domain.topics import CONTRACTS, SKIPS, TOPICS, TopicKind
from infra.cli.doctor.finding import Finding
from infra.cli.doctor.log import log_answers
from infra.host.embedded.home import Home
from infra.kafka.client.clients import LogNotReachable
from infra.kafka.client.log_range import LogStalled
from infra.kafka.meaning.contracts import followed_contracts
from infra.kafka.meaning.control_topic import ControlTopic
from infra.kafka.meaning.passed_over import PassedOver
from infra.settings import Settings

NEEDED: Final = "nothing but Telltale's own events in its control topics"
_SHOWN: Final = 3


def control_topics(_home: Home, settings: Settings) -> Iterator[Finding]:
    """Name the records that every reader passes over and nobody has skipped yet."""
    if not log_answers(settings):
        return
    try:
        yield passed_over(_not_skipped(settings.kafka_bootstrap))
    except (LogNotReachable, LogStalled) as error:
        yield Finding("control topics", False, str(error), NEEDED, "telltale status")


def passed_over(records: Sequence[PassedOver]) -> Finding:
    """Return the finding on records that are none of their topic's events."""
    if not records:
        return Finding("control topics", True, "nothing else is there", NEEDED, "")
    shown = "; ".join(f"{one.position} ({one.error})" for one in records[:_SHOWN])
    more = f" and {len(records) - _SHOWN} more" if len(records) > _SHOWN else ""
    fix = (
        "find out who writes there; every reader passes these records over. Once it is known whose they are: "
        f'telltale skip {records[0].position} --because "why"'
    )
    return Finding("control topics", False, f"passed over by every reader: {shown}{more}", NEEDED, fix)


def _not_skipped(bootstrap: str) -> list[PassedOver]:
    contracts = followed_contracts(bootstrap)
    found, skipped = list(contracts.passed_over), set()
    for topic in (one.name for one in TOPICS.values() if one.kind is TopicKind.CONTROL and one.name != CONTRACTS):
        reader = ControlTopic(bootstrap, topic, contracts.contracts)
        for record in reader.catch_up():
            if topic == SKIPS and isinstance(record.event, RecordSkipped):
                skipped.add(record.event.position)
        found += reader.passed_over
    return [one for one in found if str(one.position) not in skipped]
