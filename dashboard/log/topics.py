"""Tab topics: how far each was read, and by whom."""

from html import escape

import streamlit as st

from dashboard.answers.operations import TopicWatermarks
from dashboard.connection import Connection
from dashboard.look.formats import clock, number
from dashboard.memory import now
from dashboard.parts.words import command, empty, table


def show_topics(connection: Connection) -> None:
    """Write one row per topic."""
    topics = connection.memory.ask("topics", connection.api.topics).value
    if not topics:
        empty("<b>No topic has been read yet.</b>")
        return
    table(
        ["topic", "kind", "partitions", "offsets passed", "slowest reader behind", "newest record", "read by"],
        [_row(topic) for topic in topics],
        right=(2, 3, 4),
    )
    st.html(
        '<p class="tt-p">Offsets count transaction markers too, so they are a little more than records. '
        "A topic that no read model follows is read by the processes themselves.</p>"
    )
    command("telltale log sensor-events -f")


def _row(topic: TopicWatermarks) -> list[str]:
    passed = sum(partition.highest_next_offset for partition in topic.partitions)
    behind = passed - sum(partition.next_offset for partition in topic.partitions)
    newest = max((partition.known_at for partition in topic.partitions if partition.known_at), default=None)
    followed = bool(topic.read_models)
    return [
        f'<b class="mono">{escape(topic.topic)}</b>',
        escape(topic.kind),
        str(len(topic.partitions)) if topic.partitions else "–",
        number(passed) if followed else "–",
        number(behind) if followed else "–",
        clock(newest, now()),
        escape(", ".join(topic.read_models)) or '<span class="faint">no read model</span>',
    ]
