"""How large and how deep a body may be, judged while it arrives and before anything parses it."""

import re
from typing import Final

DEEPEST: Final = 32
"""Lists and objects inside each other; the deepest body of ours has 4."""

MOST_CONTAINERS: Final = 50_000
"""Lists and objects in one body: the largest batch of readings, 10,000 items, has 20,002."""

LONGEST_TEXT: Final = 64 * 1024
"""Bytes of one text: ten times what any field of ours may hold."""

_TEXT: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|("[^"\\]*+(?:\\.[^"\\]*+)*+\\?\Z)', re.DOTALL)
"""A whole text, or in group 1 one that goes on in the next piece. Without the latter each of its escaped quotes would
be tried as a beginning: seconds for one body."""

_NO_BRACKET: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")
_OPENING: Final = frozenset(b"[{")


class BodyRefused(Exception):
    """The body is too large or too deep to be looked at; `status` says which."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class JsonShape:
    """The depth of a JSON text that comes in pieces; costs a fraction of parsing it, and no memory."""

    def __init__(self) -> None:
        self._depth = 0
        self._containers = 0
        self._opening = b""  # of a text that goes on: its quote, and a backslash that the piece before ended with
        self._length = 0

    def feed(self, piece: bytes) -> None:
        """Look at the next piece.

        Raises:
            BodyRefused: what came so far is deeper, or holds more, than any body of ours.
        """
        text = _TEXT.sub(rb"\1", self._opening + piece)
        quote = text.find(b'"')
        self._go_on_with(b"" if quote < 0 else text[quote:], whole_piece=quote == 0)
        for bracket in (text if quote < 0 else text[:quote]).translate(None, _NO_BRACKET):
            if bracket not in _OPENING:
                self._depth -= 1
                continue
            self._depth += 1
            self._containers += 1
            if self._depth > DEEPEST:
                raise BodyRefused(422, f"Lists and objects are nested more than {DEEPEST} deep: no body has that.")
            if self._containers > MOST_CONTAINERS:
                raise BodyRefused(413, f"More than {MOST_CONTAINERS:,} lists and objects in one body: send less.")

    def _go_on_with(self, unended: bytes, *, whole_piece: bool) -> None:
        before = self._length if whole_piece and self._opening else 0
        self._length = before + len(unended)
        if self._length > LONGEST_TEXT + len(unended):
            raise BodyRefused(413, f"A text of more than {LONGEST_TEXT:,} bytes: no field holds that much.")
        escaped = (len(unended) - len(unended.rstrip(b"\\"))) % 2
        self._opening = unended[:1] + b"\\" * escaped
