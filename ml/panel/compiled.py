"""How the pass is compiled: float64 as written, one thread, no reordered sums; kept on disk between runs."""

from typing import Final

import numba

RUNTIME: Final = f"numba {numba.__version__}"

compiled = numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
"""Decorator of the pass and its steps, which are merged into their callers: a call would count references to every
array of the model, which made a reading twice as dear. Division by zero gives an infinity, as numpy's does."""

compiled_apart = numba.njit(cache=True, nogil=True, error_model="numpy")
"""Decorator of what is called seldom, or where merging cost more seconds of compiling than it saved."""
