"""The last time another build began to serve, why, and the way back."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard.answers.operations import ReadModel
from dashboard.log.rebuilding import kept_for_undo
from dashboard.look.formats import clock, many, span
from dashboard.memory import now
from dashboard.parts.words import command, heading


def show_last_swap(models: Sequence[ReadModel]) -> None:
    """Write it; nothing when no build was ever swapped in."""
    swapped = [(model.swapped_at, model) for model in models if model.swapped_at is not None]
    if not swapped:
        return
    at, model = max(swapped, key=lambda found: found[0])
    kept = kept_for_undo(model)
    heading("Last swap", f"{escape(model.read_model)}, {clock(at, now())}, {span(now() - at)} ago")
    because = f"Because: {escape(model.swapped_because)}. " if model.swapped_because else ""
    proof = model.last_proof
    told = ""
    if proof is not None and proof.build == model.build:
        same = "Equal" if proof.equal else "Different"
        told = f"{same} at the same positions: {many(proof.rows, 'row')}, compared in {span(proof.seconds)}. "
    undo = f"b{kept.build} still follows the log." if kept is not None else "No other build is kept."
    st.html(f'<p class="tt-p">{because}{told}{undo}</p>')
    if kept is not None:
        command(f"telltale rebuild {model.read_model} --undo")
