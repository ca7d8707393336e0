"""Which program this is: its version, its lock file, and the libraries whose versions can change a number."""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Final

from ml.manifest import CodeIdentity

LOCK_FILE: Final = Path(__file__).parents[2] / "requirements.lock"

UNLOCKED: Final = "unlocked"
"""Instead of a hash when this installation came without its lock file."""

_NUMERIC: Final = ("numba", "numpy", "scikit-learn")


def code_identity() -> CodeIdentity:
    """Return what a manifest says of the program that trains."""
    lock = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest() if LOCK_FILE.is_file() else UNLOCKED
    return CodeIdentity(
        code_version=version("telltale"), lock_sha256=lock, runtime={name: version(name) for name in _NUMERIC}
    )
