"""The shape of a JSON text that comes in pieces."""

import json

import pytest

from infra.http.bodies import DEEPEST, BodyRefused, JsonShape


def look_at(pieces: list[bytes]) -> JsonShape:
    shape = JsonShape()
    for piece in pieces:
        shape.feed(piece)
    return shape


def test_a_text_of_nothing_but_escaped_quotes_is_looked_at_once_and_refused_for_its_length() -> None:
    with pytest.raises(BodyRefused, match="A text of more than"):
        look_at([b'["', *[b'\\"' * 32_768] * 32])  # tried from each quote on, this would take minutes


@pytest.mark.parametrize("width", range(1, 9))
def test_however_it_is_cut_a_bracket_in_a_text_is_no_depth(width: int) -> None:
    body = json.dumps([{"[{" * 40: ['"[\\', "\\", '\\"', "é{", ""]}] * 3).encode()
    shape = look_at([body[start : start + width] for start in range(0, len(body), width)])
    shape.feed(b"[" * DEEPEST)
    with pytest.raises(BodyRefused, match="nested"):
        shape.feed(b"[")
