"""The zone that times are shown in: UTC, or the reader's own by a switch that is in the address."""

from datetime import UTC, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st
from streamlit.runtime import exists

OWN_ZONE: Final = "own_zone"
"""Key of the switch; its value is in the address under the same name."""


def own_zone() -> bool:
    """Return whether the reader wants her own zone; never outside a page."""
    return exists() and bool(st.session_state.get(OWN_ZONE, False))


def zone() -> tzinfo:
    """Return the zone; UTC where the browser does not name one."""
    if not own_zone():
        return UTC
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def zone_name() -> str:
    """Return what the page calls it, once, beside its name: `UTC`, `Europe/Oslo`."""
    return str(zone())


def choose_zone() -> None:
    """Draw the switch."""
    st.toggle("My time zone", key=OWN_ZONE, bind="query-params", help="Times are UTC unless this is on.")
