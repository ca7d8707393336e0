"""Where a verdict comes from: reading, contract, verdict, model, training, promotion, each with its position."""

from datetime import datetime
from html import escape

import streamlit as st

from dashboard.answers.verdicts import Explanation, Verdict
from dashboard.client import ApiError
from dashboard.connection import Connection
from dashboard.frame.choices import Choices
from dashboard.look.formats import UNKNOWN, clock, kind_name, times
from dashboard.memory import FOR_EVER, now
from dashboard.parts.words import heading
from dashboard.sensor.verification import show_verification

Link = tuple[str, str, str]
"""What it is, its name in the fixed font, and small print."""

HASH_SHOWN = 12


def show_lineage(connection: Connection, choices: Choices, verdict: Verdict) -> None:
    """Write the card; while the explanation is not there, what the verdict itself says."""
    with st.container(border=True, key="lineage"):
        heading("Where this verdict comes from")
        links = _from_verdict(verdict)
        try:
            links = links_of(_explanation(connection, verdict, choices.as_of))
        except ApiError as error:
            st.html(f'<p class="tt-p">More is not known yet: {escape(str(error))}</p>')
        rows = "".join(
            f'<dt>{name}</dt><dd><span class="mono">{escape(text)}</span><br><small>{escape(note)}</small></dd>'
            for name, text, note in links
        )
        st.html(f'<dl class="tt-chain">{rows}</dl>')
        show_verification(connection, choices, verdict)


def _explanation(connection: Connection, verdict: Verdict, as_of: datetime | None) -> Explanation:
    """Return the explanation; once it is whole it never changes."""
    question = f"explanation|{verdict.event_id}|{as_of}"
    answered = connection.memory.ask(
        question, lambda: connection.api.explanation(verdict.event_id, as_of), fresh_for_s=FOR_EVER
    )
    if answered.value.promotion is None:
        answered = connection.memory.ask(question, lambda: connection.api.explanation(verdict.event_id, as_of))
    return answered.value


def links_of(explanation: Explanation) -> list[Link]:
    """Return the chain from the reading to who promoted the model."""
    reading, model, promotion = explanation.reading, explanation.model, explanation.promotion
    source = f" from {reading.source}" if reading.source else ""
    schema = "id in the record's header" if reading.schema_id is None else f"schema id {reading.schema_id}"
    rows = UNKNOWN if model.rows is None else f"{model.rows:,} rows"
    links = [
        (
            "reading",
            reading.position,
            f"recorded {_exact(reading.recorded_at)}, known {_exact(reading.known_at)}{source}",
        ),
        ("contract", f"SensorReadingRecorded, {reading.profile}", schema),
        *_from_verdict(explanation.verdict)[1:2],
        (
            "model",
            f"{model.model}, sha256 {model.artifact_sha256[:HASH_SHOWN]}…",
            _since(model.scores_since, model.detectors),
        ),
        (
            "training",
            f"manifest {(model.manifest_sha256 or UNKNOWN)[:HASH_SHOWN]}…, {rows}",
            f"trained {clock(model.trained_at, now())}",
        ),
    ]
    if promotion is None:
        return [*links, ("promoted", UNKNOWN, "not in the read model yet")]
    return [*links, ("promoted", f"{promotion.actor}, {clock(promotion.promoted_at, now())}", f"“{promotion.because}”")]


def _from_verdict(verdict: Verdict) -> list[Link]:
    return [
        ("reading", verdict.reading_position, f"recorded {_exact(verdict.recorded_at)}"),
        (
            "verdict",
            verdict.position,
            f"{kind_name(verdict.kind)}, {times(verdict.score, 2)} threshold, known {_exact(verdict.known_at)}",
        ),
        ("model", verdict.model.model, f"sha256 {verdict.model.artifact_sha256[:HASH_SHOWN]}…"),
    ]


def _since(position: str | None, detectors: tuple[str, ...]) -> str:
    kinds = ", ".join(kind_name(kind) for kind in detectors)
    return f"{kinds}, since {position}" if position else kinds


def _exact(at: datetime | None) -> str:
    """Return the time with milliseconds."""
    return UNKNOWN if at is None else f"{clock(at, now())}.{at.microsecond // 1000:03d}"
