"""Page Sensor, which answers: why."""

from html import escape

import streamlit as st

from dashboard.answers.machines import Sensor
from dashboard.answers.verdicts import Verdict
from dashboard.client import ApiError
from dashboard.connection import Connection, connect
from dashboard.frame.bar import body, page_frame
from dashboard.frame.choices import Choices
from dashboard.look.formats import clock, kind_name, times
from dashboard.memory import now
from dashboard.parts.layout import live, split
from dashboard.parts.words import banner, empty, heading, quiet, severity
from dashboard.reasons import explain, sensor_name
from dashboard.sensor.asking import (
    Seen,
    ask_sensor,
    ask_sensors,
    ask_verdicts,
    machine_to_show,
    newest_worst,
    verdict_to_explain,
)
from dashboard.sensor.channels import show_channels
from dashboard.sensor.contributions import show_contributions
from dashboard.sensor.lineage import show_lineage
from dashboard.sensor.verdicts import show_verdicts

MOST_BUTTONS = 8
"""More sensors than this are a list to open, not a row of buttons."""


def show() -> None:
    """Draw the page."""
    connection = connect()
    choices = page_frame(connection, title="Sensor", question="Why?")
    with body(choices):
        try:
            sensor = _choose_sensor(connection, choices)
        except ApiError as error:
            banner(f"<b>No sensor</b><span>{escape(str(error))}</span>")
            return
        if sensor is None:
            when = f" by {clock(choices.as_of, now())}" if choices.as_of else " yet"
            empty(f"<b>No sensor{when}.</b><br>A sensor is known from its first reading on.")
            return
        if choices.machine is None:
            unasked = f"No machine is chosen: this is <b>{escape(sensor.machine_id)}</b>, where the worst verdict is."
            st.html(f'<p class="tt-p">{unasked}</p>')
        live(_sensor, moving=choices.moving)(connection, choices, sensor)


def _choose_sensor(connection: Connection, choices: Choices) -> Sensor | None:
    machine_id = machine_to_show(connection, choices)
    sensors = ask_sensors(connection, machine_id, choices) if machine_id else ()
    if not sensors:
        return None
    by_name = {sensor.sensor_id: sensor for sensor in sensors}
    worst = newest_worst(
        tuple(verdict for verdict in ask_verdicts(connection, choices, None) if verdict.machine_id == machine_id)
    )
    first = worst.sensor_id if worst and worst.sensor_id in by_name else sensors[0].sensor_id
    # What is shown unasked stays while the page is open: another verdict elsewhere must not change the subject.
    default = st.session_state.setdefault(f"first_sensor_{machine_id}", first)
    return by_name.get(_sensor_buttons(list(by_name), default), sensors[0])


def _sensor_buttons(names: list[str], default: str) -> str:
    if len(names) > MOST_BUTTONS:
        chosen = st.selectbox(
            "Sensor", names, index=names.index(default), key="sensor", bind="query-params", label_visibility="collapsed"
        )
    else:
        chosen = st.segmented_control(
            "Sensor",
            names,
            default=default,
            required=True,
            key="sensor",
            bind="query-params",
            label_visibility="collapsed",
        )
    return str(chosen)


def _sensor(connection: Connection, choices: Choices, sensor: Sensor) -> None:
    seen = ask_sensor(connection, choices, sensor)
    explained = verdict_to_explain(connection, choices, seen, st.query_params.get("verdict"))
    left, right = split([27, 11], key="sensor")
    with left:
        heading(sensor_name(sensor.machine_id, sensor.sensor_id), _reason(connection, seen, explained))
        show_channels(seen, choices, explained)
    with right:
        if explained is None:
            then = f" was known by {clock(choices.as_of, now())}" if choices.as_of else ""
            quiet(f"<b>Quiet.</b> Nothing abnormal here{then} in this range.")
            return
        with st.container(gap="small"):
            show_contributions(explained, seen.series.channels)
        show_lineage(connection, choices, explained)
        show_verdicts(seen, choices, explained)


def _reason(connection: Connection, seen: Seen, explained: Verdict | None) -> str:
    """Return the explained verdict in one line, and what the grey band is."""
    expects = any(channel.expected_low is not None for channel in seen.series.channels)
    model = explained.model.model if explained else seen.changes[-1].model if seen.changes else "the model"
    band = f" · grey is what {escape(model)} expects" if expects else ""
    if explained is None:
        return band.removeprefix(" · ")
    if not expects and any(value is not None for value in explained.expected.values()):
        band = " · grey strokes are what was expected instead"
    reason = explain(connection, [explained])[explained.event_id]
    said = f"{kind_name(explained.kind)}, {times(explained.score)} threshold, {clock(explained.recorded_at, now())}"
    if reason is not None:
        said = f"<b>{escape(reason.channel)} {reason.measured_text}</b>, expected {reason.expected_text} · {said}"
    return f"{severity(explained.severity)}{said}{band}"


if __name__ == "__main__":
    show()
