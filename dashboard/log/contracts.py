"""Tab contracts: every event's schema, version by version, with its id in the wire format."""

from collections import defaultdict
from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard.answers.operations import Contract
from dashboard.connection import Connection
from dashboard.look.formats import clock, many
from dashboard.memory import now
from dashboard.parts.words import command, empty, heading, mono, table

LEAST_COLUMNS = 3


def show_contracts(connection: Connection) -> None:
    """Write a row per subject and a column per version."""
    contracts = connection.memory.ask("contracts", connection.api.contracts, fresh_for_s=30).value
    if not contracts:
        empty("<b>No contract is published.</b><br>Nothing can be written or read before they are.")
        command("telltale contracts publish")
        return
    subjects = by_subject(contracts)
    most = max(LEAST_COLUMNS, *(max(versions) for versions in subjects.values()))
    heading(
        many(len(subjects), "contract"), "published FULL_TRANSITIVE: each version reads, and is read by, every other"
    )
    table(
        ["event", *(f"v{version}" for version in range(1, most + 1)), "published", "position"],
        [_row(versions, most) for versions in subjects.values()],
        css="matrix",
    )
    st.html('<p class="tt-p">A number is the schema id that records carry; readers find it in topic contracts.</p>')
    command("telltale contracts check")


def by_subject(contracts: Sequence[Contract]) -> dict[str, dict[int, Contract]]:
    """Return each subject's versions, by topic and event."""
    subjects: dict[str, dict[int, Contract]] = defaultdict(dict)
    for contract in sorted(contracts, key=lambda known: (known.topic, known.event, known.version)):
        subjects[contract.subject][contract.version] = contract
    return dict(subjects)


def _row(versions: dict[int, Contract], most: int) -> list[str]:
    newest = versions[max(versions)]
    ids = [
        f'<span title="sha256 {versions[version].sha256}">✓ {versions[version].id}</span>'
        if version in versions
        else '<span class="faint">·</span>'
        for version in range(1, most + 1)
    ]
    return [
        f"<b>{escape(newest.event.rpartition('.')[2])}</b><small>{escape(newest.topic)}</small>",
        *ids,
        clock(newest.published_at, now()),
        mono(newest.position, "muted"),
    ]
