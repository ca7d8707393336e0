"""What a reader of a page sees, as text."""

import re
from html import unescape

import pytest
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


def run_until(page: AppTest, text: str) -> None:
    """Run the page until a text is on it: an answer counts as fresh for half a second."""
    for _ in range(200):
        page.run()
        if text in words(page):
            return
    pytest.fail(f"{text!r} never came: {words(page)}")
