"""What a reader of a page sees, as text."""

import re
from html import unescape

from streamlit.testing.v1 import AppTest


def words(page: AppTest) -> str:
    """Return every text on the page, without markup, in one line; the narrow space as a space."""
    assert not page.exception, page.exception
    texts = [element.proto.body for element in page.get("html") if not element.proto.body.startswith("<style>")]
    plain = unescape(re.sub(r"<[^>]*>", " ", " ".join(texts)))
    return re.sub(r"\s+", " ", plain.replace("\u202f", " "))


def charts(page: AppTest) -> list[str]:
    """Return what the charts on the page show, by their alternative texts."""
    return [chart.proto.alt for chart in page.get("vega_lite_chart")]


def links(page: AppTest) -> list[str]:
    """Return the labels of the ways to other pages."""
    return [link.proto.label for link in page.get("page_link")]
