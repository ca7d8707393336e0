"""How the pass is compiled: float64 as written, one thread, no reordered sums; kept on disk between runs.

Each step is merged into the pass that calls it: a call would count references to every array of the model, which made a
reading cost two and a half times as much.
"""

from typing import Final

import numba

RUNTIME: Final = f"numba {numba.__version__}"

compiled = numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
"""Decorator of the pass and its steps. Division by zero gives an infinity, as numpy's does."""
