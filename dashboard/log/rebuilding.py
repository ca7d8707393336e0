"""A rebuild under way, in its four steps; the bar belongs to the step that runs."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard.answers.operations import Build, ReadModel
from dashboard.connection import Connection
from dashboard.look.formats import many

STEPS = ("Load", "Catch up", "Prove", "Swap")


def candidate_of(model: ReadModel) -> Build | None:
    """Return the build that is being made to take over; None: none is.

    A newer build that is older than the last swap served before that one and was undone.
    """
    since = model.swapped_at
    newer = [
        build
        for build in model.others
        if build.build > model.build and build.state != "unfinished" and (since is None or build.created_at > since)
    ]
    return max(newer, key=lambda build: build.build, default=None)


def kept_for_undo(model: ReadModel) -> Build | None:
    """Return the build that served before and still follows the log; None: none is kept."""
    candidate = candidate_of(model)
    kept = [build for build in model.others if build != candidate and build.state != "unfinished"]
    return max(kept, key=lambda build: build.build, default=None)


def show_rebuilding(connection: Connection, models: Sequence[ReadModel]) -> None:
    """Write a card for each rebuild under way."""
    for model in models:
        build = candidate_of(model)
        if build is None:
            continue
        notes = f"b{model.build} → b{build.build} · readers stay on b{model.build}"
        title = f'<div class="tt-h">Rebuilding {escape(model.read_model)} <span class="n">{notes}</span></div>'
        st.html(f'<div class="tt-card">{title}<div class="tt-steps">{_steps(connection, model, build)}</div></div>')


def _steps(connection: Connection, model: ReadModel, build: Build) -> str:
    """Return the steps as html: load until the indexes are there, then catch up; proof and swap are moments."""
    behind = "" if build.lag_offsets is None else f"{many(build.lag_offsets, 'record')} behind"
    running = 0 if build.loaded_at is None else 1 if build.lag_offsets else 2
    part = _part(connection, model, build) if running == 0 else 100.0
    texts = (
        behind if running == 0 else "loaded",
        behind if running == 1 else "to the live end",
        f"b{model.build} and b{build.build} at the same positions",
        f"only if equal; b{model.build} is kept for undo",
    )
    looks = ["done" if place < running else "now" if place == running else "" for place in range(len(STEPS))]
    return "".join(
        f'<div class="s {look}" style="--p:{part:.0f}%"><b>{place} {step}</b>{text}</div>'
        for place, (step, text, look) in enumerate(zip(STEPS, texts, looks, strict=True), start=1)
    )


def _part(connection: Connection, model: ReadModel, build: Build) -> float:
    """Return how much of its topics the build has read, in percent."""
    topics = connection.memory.ask("topics", connection.api.topics, fresh_for_s=1).value
    ends = sum(
        partition.highest_next_offset or 0
        for topic in topics
        if model.read_model in topic.read_models
        for partition in topic.partitions
    )
    return 100 * max(0.0, 1 - (build.lag_offsets or 0) / ends) if ends else 0.0
