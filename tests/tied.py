"""Programs that end with who started them: `Popen(…, preexec_fn=tied)`; killed when the test's process dies.

Telltale's own commands watch TELLTALE_WHILE, which `conftest.py` sets; this is for all other programs of the tests.
"""

import ctypes
import os
import signal
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None)
"""Looked up here: between fork and exec nothing may be looked up any more."""


def tied() -> None:
    """Ask the system, as the new process, to be killed when its parent dies; and end if that has happened already."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:
        os._exit(1)
