import pytest

from domain.contracts import SchemaPublished
from schemas.catalogue import schema_of, text_sha256
from schemas.codec import encode
from schemas.contracts import Contracts
from schemas.publication import decode_published
from schemas.wire import BadRecord, header_of

OWN_TEXT = schema_of("SchemaPublished").text
PUBLISHED = SchemaPublished(
    id=2, subject="contracts-telltale.SchemaPublished", version=1, text=OWN_TEXT, sha256=text_sha256(OWN_TEXT)
)


GOOD = encode(PUBLISHED, Contracts([PUBLISHED]))


def test_a_publication_is_read_whatever_id_it_names_because_ids_are_what_it_tells() -> None:
    assert decode_published(GOOD) == PUBLISHED
    assert decode_published(header_of(4711) + GOOD[5:]) == PUBLISHED


@pytest.mark.parametrize("value", [b"", GOOD[:-1], GOOD + b"x"])
def test_what_is_no_publication_is_told(value: bytes) -> None:
    with pytest.raises(BadRecord):
        decode_published(value)
