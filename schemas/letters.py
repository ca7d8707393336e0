"""Dead letters as records: one that is too large goes in chunks, and is put together again by whoever reads it."""

from collections.abc import Iterator
from typing import Final

from domain.dead_letters import DeadLettered
from schemas.codec import decode, encode
from schemas.contracts import Contracts, UnknownSchemaId
from schemas.wire import BadRecord

CHUNK_BYTES: Final = 512 * 1024
"""Of a letter; well below a record's limit, also of brokers with the usual one of 1 MiB."""


def letter_values(letter: DeadLettered, known: Contracts) -> Iterator[bytes]:
    """Yield the values of the records that hold a letter, in order; mostly it is one."""
    value = encode(letter, known)
    if len(value) <= CHUNK_BYTES:
        yield value
        return
    starts = range(0, len(value), CHUNK_BYTES)
    for chunk, start in enumerate(starts):
        piece = DeadLettered(
            position=letter.position,
            key=None,
            value=value[start : start + CHUNK_BYTES],
            headers=(),
            error=letter.error,
            message=letter.message,
            stage=letter.stage,
            chunk=chunk,
            chunks=len(starts),
        )
        yield encode(piece, known)


class Letters:
    """Puts the letters of one partition together again; those that lack a chunk are left out."""

    def __init__(self, known: Contracts) -> None:
        self._known = known
        self._chunks: dict[str, list[bytes]] = {}

    def whole(self, piece: DeadLettered) -> DeadLettered | None:
        """Return the letter that is complete with this piece, given in log order; None when none is."""
        if piece.chunks == 1:
            return piece
        pieces = self._chunks.setdefault(piece.position, [])
        if piece.chunk != len(pieces):  # a beginning anew, or somebody else's words
            pieces.clear()
        if piece.chunk == len(pieces):
            pieces.append(piece.value or b"")
        if len(pieces) < piece.chunks:
            return None
        try:
            letter = decode(b"".join(self._chunks.pop(piece.position)), self._known)
        except (BadRecord, UnknownSchemaId):
            return None
        return letter if isinstance(letter, DeadLettered) else None
