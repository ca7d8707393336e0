"""How often a law is tried: every seed and example in `make test`, a tenth of them in `make test-unit`.

`TELLTALE_TEST_LAWS=quick` chooses the tenth. The seeds are fixed, so the tenth is always the same, and those that the
whole adds are always the same too.
"""

import os
from typing import Final

QUICK: Final = os.environ.get("TELLTALE_TEST_LAWS") == "quick"
_SHARE: Final = 10


def seeds(count: int, *, first: int = 0) -> range:
    """Return the seeds of a law that is tried `count` times."""
    return range(first, first + examples(count))


def examples(count: int) -> int:
    """Return how many examples of `count` are tried; at least two."""
    return max(2, count // _SHARE) if QUICK else count
