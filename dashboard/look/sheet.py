"""The style sheet: one file of rules over variables that follow Streamlit's own theme switch without a rerun."""

from functools import cache
from pathlib import Path

from dashboard.look.palette import PALETTE


@cache
def style_sheet() -> str:
    """Return the page's one `<style>` element."""
    light, dark = PALETTE["light"], PALETTE["dark"]
    variables = "".join(f"--{name.replace('_', '-')}:light-dark({light[name]},{dark[name]});" for name in light)
    rules = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
    return f"<style>:root{{{variables}}}{rules}</style>"
