"""Giving memory back: what a burst of work took is the system's again once the work is done.

The C library keeps freed memory for the next burst, in each thread's arena; after a history of millions of readings
that is more than a gigabyte which nothing uses.
"""

import ctypes
import gc
from contextlib import suppress

import pyarrow as pa


def release_unused_memory() -> None:
    """Hand freed memory back to the system; where the C library has no such call, do what can be done."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    with suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)
