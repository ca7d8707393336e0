"""Dead letters of any size: in records that a broker takes, and whole again for whoever reads them."""

import random

import pytest

from domain.dead_letters import DeadLettered, Header
from schemas.codec import decode
from schemas.letters import CHUNK_BYTES, Letters, letter_values
from tests.builders import published_contracts

KNOWN = published_contracts()


def a_letter(*, value: int = 10, key: int = 10, header: int = 10) -> DeadLettered:
    some = random.Random(1).randbytes
    return DeadLettered(
        position="sensor-events/3/180442",
        key=some(key),
        value=some(value),
        headers=(Header(name="h", value=some(header)),),
        error="not_avro",
        message="a test",
        stage="scorer",
    )


def pieces(letter: DeadLettered) -> list[DeadLettered]:
    found = [decode(value, KNOWN) for value in letter_values(letter, KNOWN)]
    return [one for one in found if isinstance(one, DeadLettered)]


def joined(letters: list[DeadLettered]) -> list[DeadLettered]:
    reader = Letters(KNOWN)
    return [whole for piece in letters if (whole := reader.whole(piece)) is not None]


@pytest.mark.parametrize("size", [0, 1_100_000, 8_388_608])
@pytest.mark.parametrize("part", ["value", "key", "header"])
def test_a_letter_of_any_size_fits_into_records_and_is_whole_again(part: str, size: int) -> None:
    letter = a_letter(**{part: size})
    assert all(len(value) < 1.1 * CHUNK_BYTES for value in letter_values(letter, KNOWN))
    assert joined(pieces(letter)) == [letter]


def test_a_letter_that_lacks_a_chunk_is_left_out_and_the_next_one_is_read() -> None:
    letter = a_letter(value=2_000_000)
    chunks = pieces(letter)
    assert len(chunks) > 3
    assert joined([*chunks[:1], *chunks[2:], *chunks]) == [letter]
    assert joined([chunks[0], *chunks]) == [letter]


def test_a_small_letter_is_one_record_as_before() -> None:
    (only,) = pieces(a_letter())
    assert (only.chunk, only.chunks) == (0, 1)
