"""Which program this is: its version, its lock file, and the libraries whose versions can change a number."""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Final

from ml.manifest import CodeIdentity

_LOCK: Final = "requirements.lock"
_PLACES: Final = (Path(__file__).with_name(_LOCK), Path(__file__).parents[2] / _LOCK)
"""Where the lock file lies: beside this file in a wheel, at the top of the project in a working copy."""

UNLOCKED: Final = "unlocked"
"""Instead of a hash when this installation came without its lock file."""

_NUMERIC: Final = ("numba", "numpy", "scikit-learn")


def code_identity() -> CodeIdentity:
    """Return what a manifest says of the program that trains."""
    return CodeIdentity(
        code_version=version("telltale"), lock_sha256=_lock_sha256(), runtime={name: version(name) for name in _NUMERIC}
    )


def _lock_sha256() -> str:
    for place in _PLACES:
        if place.is_file():
            return hashlib.sha256(place.read_bytes()).hexdigest()
    return UNLOCKED
