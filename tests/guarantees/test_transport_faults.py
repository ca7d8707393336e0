"""What arrives badly ends where it must, by name, and touches no sound reading beside it."""

import json
from collections import Counter

from domain.dead_letters import DeadLettered
from domain.scoring import Flag
from domain.topics import DEAD_LETTERS, SENSOR_EVENTS
from infra.kafka.client.clients import partitions_of
from infra.kafka.client.log_range import read_to_end
from infra.kafka.meaning.contracts import load_contracts
from infra.sources.simulator.transport import LABEL
from schemas.codec import decode
from tests.guarantees.log_account import account, is_scored_to_the_end
from tests.stacks import StackOfTests, must, wait_until

MACHINE = "pump-05"
KINDS = ("duplicates", "late", "poison", "unknown-channel")


def labels(bootstrap: str) -> dict[str, str]:
    """Return the kind of transport fault that made each labelled record, by position."""
    return {
        f"{SENSOR_EVENTS}/{partition}/{offset}": (dict(headers)[LABEL] or b"").decode()
        for partition in partitions_of(SENSOR_EVENTS)
        for batch in read_to_end(bootstrap, SENSOR_EVENTS, partition)
        for offset, headers in zip(batch.offsets.tolist(), batch.headers, strict=True)
        if LABEL in dict(headers)
    }


def dead_letters(bootstrap: str) -> Counter[str]:
    """Return the positions of the records in dead-letters."""
    contracts = load_contracts(bootstrap)
    found: Counter[str] = Counter()
    for partition in partitions_of(DEAD_LETTERS):
        for batch in read_to_end(bootstrap, DEAD_LETTERS, partition):
            for value in batch.values:
                event = decode(value, contracts)
                assert isinstance(event, DeadLettered)
                found[event.position] += 1
    return found


def test_each_transport_fault_ends_where_it_must_and_touches_no_sound_reading(empty_stack: StackOfTests) -> None:
    stack = empty_stack
    history = ("--history", "10m", "--no-live", "--healthy-history", "--machines", "4", "--seed", "8", "--json")
    faults = [word for kind in KINDS for word in ("--transport-fault", f"{kind}@{MACHINE},at=-10m,for=8m")]
    said = json.loads(must(stack.run("simulate", *history, *faults)).stdout)
    made = {fault["kind"]: fault["records"] for fault in said["transport_faults"]}
    assert set(made) == set(KINDS)
    bootstrap = stack.settings.kafka_bootstrap
    scorer = stack.start("scorer")
    try:
        wait_until(lambda: is_scored_to_the_end(bootstrap), deadline_s=120, what="every record is in the ledger")
    finally:
        scorer.terminate()
        scorer.communicate(timeout=60)
    found, labelled = account(bootstrap), labels(bootstrap)
    assert found.faults() == []
    assert Counter(labelled.values()) == made
    flagged = {flag: {at for at, flags in found.flags.items() if flag in flags} for flag in Flag}
    by_kind = {kind: {at for at, label in labelled.items() if label == kind} for kind in KINDS}
    assert flagged[Flag.DUPLICATE] == by_kind["duplicates"]
    assert flagged[Flag.LATE] == by_kind["late"]
    assert flagged[Flag.REJECTED] == by_kind["poison"] | by_kind["unknown-channel"]
    assert dead_letters(bootstrap) == Counter(flagged[Flag.REJECTED])
    sound = {event_id for at, event_id in found.readings.items() if at not in labelled or labelled[at] == "late"}
    assert len(sound) == said["history"]
