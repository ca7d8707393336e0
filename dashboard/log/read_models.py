"""Tab read models: which build serves, how far behind it is, why it does not move, and when it was last proven."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Final

import streamlit as st

from dashboard.answers.operations import Build, Proof, ReadModel
from dashboard.connection import Connection
from dashboard.frame.choices import Choices
from dashboard.log.rebuilding import candidate_of, kept_for_undo, show_rebuilding
from dashboard.log.swap import show_last_swap
from dashboard.look.formats import UNKNOWN, many, number, span
from dashboard.memory import now
from dashboard.parts.rows import Column, Row, command_rows
from dashboard.parts.words import banner, command, empty, mono, tag

COLUMNS: Final = (
    Column("read model", 17),
    Column("serving build", 20),
    Column("behind", 10, right=True),
    Column("rate", 10, right=True),
    Column("state", 14),
    Column("last proof", 18),
    Column("rows proven", 12, right=True),
)

LOOK_OF_STATE: Final[Mapping[str, str]] = {"proven": "", "loading": "accent", "rebuilding": "accent"} | dict.fromkeys(
    ("not proven", "paused", "waiting"), "dashed"
)
"""Every other state asks for somebody: in ink."""

REPORT_IS_OLD_S: Final = 5.0
"""Projectors report every second or two; only an older report is worth words."""


def show_read_models(connection: Connection, choices: Choices) -> None:
    """Write one row per read model, what is being rebuilt above and the last swap below."""
    models = connection.memory.ask("projections", connection.api.projections).value
    if not models:
        empty("<b>No read model has been built yet.</b><br>They are built by the projector.")
        command("telltale projector")
        return
    if choices.known_at is not None:
        st.html('<p class="tt-p">Read models as they stand now: no record keeps how they stood.</p>')
    if still := [model for model in models if not model.moves]:
        names = ", ".join(model.read_model for model in still)
        causes = "; ".join(sorted({model.cause or model.state for model in still}))
        banner(f"<b>{escape(names)}: not moving</b><span>{escape(causes)}</span>")
    show_rebuilding(connection, models)
    today = now()
    rows = [Row(cells_of(model, today), command_of(model)) for model in sorted(models, key=lambda one: one.read_model)]
    command_rows(COLUMNS, rows, key="read_models")
    st.html(
        '<p class="tt-p">Proven: a build computed from the log anew held the same rows at the same positions. '
        "A rebuild fails no read; the new build is swapped in only when it is equal.</p>"
    )
    show_last_swap(models)


def state_of(model: ReadModel) -> str:
    """Return what is to be said of a read model first: that it does not move, else what its proof says."""
    if not model.moves or model.state in {"loading", "paused", "waiting"}:
        return model.state
    if candidate_of(model):
        return "rebuilding"
    proof = model.last_proof
    if proof is None or model.build not in {proof.build, proof.against_build}:
        return "not proven"
    return "proven" if proof.equal or proof.build == model.build else "differs"


def command_of(model: ReadModel) -> str:
    """Return what to type about it: what makes it move again, else its rebuild, which proves it."""
    if model.state == "paused":
        return f"telltale projections resume {model.read_model}"
    if model.state == "stopped" and model.position:
        return f"telltale skip {model.position} --because …"
    if model.state in {"silent", "unknown"}:
        return f"telltale projector {model.read_model}"
    return f"telltale rebuild {model.read_model}"


def cells_of(model: ReadModel, today: datetime) -> tuple[str, ...]:
    """Return the row's cells as html."""
    rate = model.rate_per_s
    silent_s = (today - model.reported_at).total_seconds() if model.reported_at else 0.0
    late = f"<small>report {span(silent_s)} old</small>" if silent_s > REPORT_IS_OLD_S else ""
    state = state_of(model)
    return (
        f"<b>{escape(model.read_model)}</b>",
        f"{mono(f'b{model.build}')}{''.join(f'<small>{_other(build, model)}</small>' for build in model.others)}",
        f"{UNKNOWN if model.lag_seconds is None else span(model.lag_seconds)}{late}",
        UNKNOWN if rate is None else number(rate, "/s", 1 if rate < 10 else 0),
        tag(state, LOOK_OF_STATE.get(state, "ink")) + _where(model),
        *_proof(model, today),
    )


def _where(model: ReadModel) -> str:
    if model.moves and model.state != "waiting":
        return ""
    at = f"at {mono(model.position)}" if model.position else escape(model.cause or "")
    return f"<small>{at}</small>"


def _other(build: Build, model: ReadModel) -> str:
    """Return what a build is there for that does not serve."""
    name = f"b{build.build}"
    if build.state == "unfinished":
        return f"{name} unfinished"
    return f"{name} kept for undo" if build == kept_for_undo(model) else f"{name} {escape(build.state)}"


def _proof(model: ReadModel, today: datetime) -> Sequence[str]:
    proof = model.last_proof
    if proof is None:
        return ("never", UNKNOWN)
    return (
        f"{span(today - proof.proved_at)} ago<small>{proof_words(proof, model)}</small>",
        number(proof.rows),
    )


def proof_words(proof: Proof, model: ReadModel) -> str:
    """Return what a proof found: `equal, b13 and b12`, or in which tables rows differ."""
    if proof.equal:
        return f"equal, b{proof.build} and b{proof.against_build}"
    found = ", ".join(
        f"{many(one.only_here + one.only_there + one.different, 'row')} in {escape(one.table)}"
        for one in proof.differences
    )
    taken = ", accepted" if proof.build == model.build else ""
    return f"differs: {found or 'see telltale rebuild'}{taken}"
