"""Gives back the memory that reading a very long config leaves behind."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress

MANY = 10_000  # sources; below that it is not worth the time


def give_back() -> None:
    """Return to the system what is free, where the C library can do that.

    The trees of 100,000 sources are gone by then, but glibc keeps their memory (100 MB of it), for small pieces that
    live on lie among what is free.
    """
    gc.collect()
    with suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)
