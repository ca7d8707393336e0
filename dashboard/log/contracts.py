"""Tab contracts: every event's schema, version by version, and how much of what is stored was proven to be readable."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from dashboard.answers.operations import Contract, ContractProof, ContractsState, TopicWatermarks
from dashboard.connection import Connection
from dashboard.frame.choices import Choices
from dashboard.look.formats import UNKNOWN, clock, many, number, span
from dashboard.memory import now
from dashboard.parts.words import banner, command, empty, heading, mono, table, tag

LEAST_COLUMNS = 3

Stored = tuple[int, int | None]
"""Records of an event proven readable, and offsets of its topic since; None: the log does not answer."""


def show_contracts(connection: Connection, choices: Choices) -> None:
    """Write a row per subject and a column per version."""
    contracts = connection.memory.ask(
        choices.question("contracts"), lambda: connection.api.contracts(choices.as_of), fresh_for_s=5
    ).value
    if not contracts:
        empty("<b>No contract is published.</b><br>Nothing can be written or read before they are.")
        command("telltale contracts publish")
        return
    state = connection.memory.ask("contracts state", connection.api.contracts_state, fresh_for_s=1).value
    topics = connection.memory.ask("topics", connection.api.topics, fresh_for_s=1).value
    proof = state.last_proof
    if not state.registry_answers:
        banner(
            f"<b>The registry does not answer</b><span>Reading goes on: every schema is in topic contracts. "
            f"{_last_proof(proof)}</span>"
        )
    if proof and not proof.holds:
        _show_unreadable(proof)
    subjects = by_subject(contracts)
    most = max(LEAST_COLUMNS, *(max(versions) for versions in subjects.values()))
    heading(
        f"{many(len(subjects), 'contract')}, FULL_TRANSITIVE",
        "✓ reads, and is read by, every other version · proven: stored records read back, by schema id and position",
    )
    stored = stored_of(proof, contracts, topics) if proof else {}
    table(
        ["event", *(f"v{version}" for version in range(1, most + 1)), "stored records proven"],
        [_row(versions, most, stored) for versions in subjects.values()],
        css="matrix",
        right=(most + 1,),
    )
    st.html(f'<p class="tt-p">{_proof_line(state)}</p>')
    command("telltale contracts prove" if state.registry_answers else "telltale contracts prove\ntelltale status")


def by_subject(contracts: Sequence[Contract]) -> dict[str, dict[int, Contract]]:
    """Return each subject's versions, by topic and event."""
    subjects: dict[str, dict[int, Contract]] = defaultdict(dict)
    for contract in sorted(contracts, key=lambda known: (known.topic, known.event, known.version)):
        subjects[contract.subject][contract.version] = contract
    return dict(subjects)


def stored_of(
    proof: ContractProof, contracts: Sequence[Contract], topics: Sequence[TopicWatermarks]
) -> Mapping[str, Stored]:
    """Return per subject what was proven of it, and how much was appended to its topic since."""
    proven: Counter[tuple[str, int]] = Counter()
    for group in proof.readable:
        proven[group.topic, group.schema_id] += group.records
    counted: Counter[str] = Counter()
    for contract in contracts:
        counted[contract.subject] += proven[contract.topic, contract.id]
    since = {topic.topic: _since(topic, proof) for topic in topics}
    return {one.subject: (counted[one.subject], since.get(one.topic)) for one in contracts}


def _since(topic: TopicWatermarks, proof: ContractProof) -> int | None:
    ends = [
        (partition.end_offset, proof.ends.get(f"{topic.topic}/{partition.partition}", 0))
        for partition in topic.partitions
    ]
    if any(end is None for end, _ in ends):
        return None
    return sum(max(0, (end or 0) - proven) for end, proven in ends)


def _row(versions: dict[int, Contract], most: int, stored: Mapping[str, Stored]) -> list[str]:
    newest = versions[max(versions)]
    ticks = [
        f'<span title="schema id {versions[version].id}, sha256 {versions[version].sha256}">✓</span>'
        f"<small>id {versions[version].id}</small>"
        if version in versions
        else '<span class="faint">·</span>'
        for version in range(1, most + 1)
    ]
    return [
        f"<b>{escape(newest.event.rpartition('.')[2])}</b><small>{escape(newest.topic)}</small>",
        *ticks,
        _stored(stored.get(newest.subject)),
    ]


def _stored(stored: Stored | None) -> str:
    if stored is None:
        return f"{tag('not proven', 'dashed')}"
    records, since = stored
    if since is None:
        note = "the log does not answer"
    elif since:
        note = f"{number(since)} offsets in its topic since"
    else:
        note = "to the end of its topic"
    return f"{number(records)}<small>{note}</small>"


def _show_unreadable(proof: ContractProof) -> None:
    bad = [group for group in proof.unreadable if group.known < group.records]
    told = "; ".join(
        f"{many(group.records - group.known, 'record')} of {escape(group.topic)}: {escape(group.message)}, first "
        f"{mono(group.unknown[0]) if group.unknown else UNKNOWN}"
        for group in bad
    )
    banner(f"<b>Not every stored record can be read</b><span>{told}</span>")


def _last_proof(proof: ContractProof | None) -> str:
    if proof is None:
        return "What is stored was never proven."
    return f"Below: the last proof, {clock(proof.proved_at, now())}, {span(now() - proof.proved_at)} old."


def _proof_line(state: ContractsState) -> str:
    proof = state.last_proof
    if proof is None:
        return "What is stored was never proven: this reads every record of every topic with today's schemas."
    verdict = "every one readable, or known to be bad" if proof.holds else "not every one readable"
    return (
        f"Last proof {clock(proof.proved_at, now())}, <b>{span(now() - proof.proved_at)} ago</b>: "
        f"{number(proof.records)} records in {span(proof.seconds)}, {verdict}."
    )
