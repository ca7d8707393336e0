"""Links to a sensor from inside a page.

Machine and sensor are widgets bound to the address, and an open session's widgets win over a link's parameters. So the
link carries both in one parameter of its own, which the page it leads to turns into the widgets' values.
"""

from typing import Final

import streamlit as st

from dashboard.answers.verdicts import Verdict

PARAMETER_SENSOR: Final = "of"
SEPARATOR: Final = "|"


def way_to(verdict: Verdict) -> dict[str, str]:
    """Return the parameters of a link to page Sensor that explains the verdict."""
    return {PARAMETER_SENSOR: f"{verdict.machine_id}{SEPARATOR}{verdict.sensor_id}", "verdict": verdict.event_id}


def way_to_sensor(machine_id: str, sensor_id: str) -> dict[str, str]:
    """Return the parameters of a link to page Sensor that shows the sensor."""
    return {PARAMETER_SENSOR: f"{machine_id}{SEPARATOR}{sensor_id}"}


def arrive() -> None:
    """Take what a link carried into the widgets; call before they are drawn."""
    carried = st.query_params.get(PARAMETER_SENSOR)
    if not carried:
        return
    machine_id, _, sensor_id = carried.partition(SEPARATOR)
    st.session_state["machine"] = machine_id
    st.session_state["sensor"] = sensor_id
    del st.query_params[PARAMETER_SENSOR]
