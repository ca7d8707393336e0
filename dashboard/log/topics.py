"""Tab topics: from where to where the log holds each, who reads it, and whether all can be rebuilt from it."""

from html import escape
from typing import Final

import streamlit as st

from dashboard.answers.operations import TopicWatermarks
from dashboard.connection import Connection
from dashboard.frame.choices import Choices
from dashboard.look.formats import UNKNOWN, number
from dashboard.parts.rows import Column, Row, command_rows
from dashboard.parts.words import banner, empty, tag

COLUMNS: Final = (
    Column("topic", 22),
    Column("partitions", 10, right=True),
    Column("from offset", 11, right=True),
    Column("to offset", 12, right=True),
    Column("readers behind", 13, right=True),
    Column("read by", 20),
    Column("rebuildable from", 17),
)


def show_topics(connection: Connection, choices: Choices) -> None:
    """Write one row per topic."""
    topics = connection.memory.ask("topics", connection.api.topics).value
    if not topics:
        empty("<b>No topic has been read yet.</b>")
        return
    if choices.known_at is not None:
        st.html('<p class="tt-p">Topics as they stand now.</p>')
    if all(topic.whole is None for topic in topics):
        banner(
            "<b>The log does not answer</b><span>Below: how far the read models had read it. Nothing is lost while it "
            "is away; nothing new arrives.</span>"
        )
    rows = [Row(_cells(topic), f"telltale log {topic.topic} -f") for topic in topics]
    command_rows(COLUMNS, rows, key="topics")
    st.html(
        '<p class="tt-p">Offsets are added up over the partitions and count the ends of transactions too, so they are '
        "more than records. A topic that no read model follows is read by the processes themselves.</p>"
    )


def _cells(topic: TopicWatermarks) -> tuple[str, ...]:
    followed, partitions = bool(topic.read_models), topic.partitions
    firsts = [partition.first_offset for partition in partitions if partition.first_offset is not None]
    ends = [partition.end_offset for partition in partitions if partition.end_offset is not None]
    return (
        f'<b class="mono">{escape(topic.topic)}</b>',
        str(len(partitions)) if partitions else UNKNOWN,
        number(sum(firsts)) if firsts else UNKNOWN,
        number(sum(ends)) if ends else UNKNOWN,
        number(behind_of(topic)) if followed else UNKNOWN,
        escape(", ".join(topic.read_models)) or '<span class="faint">no read model</span>',
        rebuildable_from(topic),
    )


def behind_of(topic: TopicWatermarks) -> int:
    """Return how many offsets the slowest reader still has before it, against the end where that is known."""
    behind = 0
    for partition in topic.partitions:
        if partition.next_offset is not None:
            end = partition.highest_next_offset if partition.end_offset is None else partition.end_offset
            behind += max(0, (end or 0) - partition.next_offset)
    return behind


def rebuildable_from(topic: TopicWatermarks) -> str:
    """Return from where on a rebuild from this topic has everything."""
    if topic.whole is None:
        return UNKNOWN
    if topic.whole:
        return "the beginning"
    gone = sum(partition.first_offset or 0 for partition in topic.partitions)
    return f"{tag('not the beginning', 'ink')}<small>{number(gone)} offsets are gone</small>"
