"""Compiled modules are kept between test runs: compiling them at every start would take most of a process's start.

Where Python may not keep them (`PYTHONDONTWRITEBYTECODE`), each of some two hundred processes that the tests start
would compile the same three thousand modules once more, six seconds of work instead of two.
"""

import os
import sys
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent.parent / ".pytest_cache" / "bytecode"


def keep_bytecode() -> None:
    """Let this process and all that it starts keep compiled modules; does nothing where Python keeps them anyway."""
    if not sys.dont_write_bytecode:
        return
    os.environ["PYTHONDONTWRITEBYTECODE"] = ""
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(FOLDER))
    sys.dont_write_bytecode = False
    sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"]
