"""The frame of the dashboard, as Streamlit runs it: theme, navigation, health in the sidebar.

Run by `telltale dashboard`.
"""

import streamlit as st

from dashboard.connection import connect
from dashboard.frame.health import show_health
from dashboard.look.sheet import style_sheet


def main() -> None:
    """Draw the frame, then the page that the address names."""
    st.set_page_config(page_title="Telltale", layout="wide", initial_sidebar_state="auto")
    st.html(style_sheet())
    page = st.navigation(
        [
            st.Page("views/incidents.py", title="Incidents", default=True),
            st.Page("views/explorer.py", title="Explorer", url_path="explorer"),
            st.Page("views/sensor.py", title="Sensor", url_path="sensor"),
            st.Page("views/models.py", title="Models", url_path="models"),
            st.Page("views/log.py", title="Log", url_path="log"),
        ]
    )
    with st.sidebar:
        show_health(connect())
    page.run()


if __name__ == "__main__":
    main()
